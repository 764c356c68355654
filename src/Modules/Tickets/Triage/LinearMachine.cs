namespace TicMate.Tickets.Triage;

/// <summary>
/// Says which of several skills a text needs: one linear support vector machine per skill (squared hinge loss), trained by
/// dual coordinate descent (Hsieh et al., 2008). The same input always gives the same machine.
/// </summary>
public sealed class LinearMachine
{
    private const int Rounds = 12;

    private readonly float[][] _directions;
    private readonly double[] _offsets;

    private LinearMachine(float[][] directions, double[] offsets) => (_directions, _offsets) = (directions, offsets);

    /// <param name="strength">How hard a wrong answer in the training is punished; more follows the examples more closely.</param>
    public static LinearMachine Train(TextVector[] texts, HashSet<int>[] skillsOf, int skills, int features, double strength)
    {
        var directions = new float[skills][];
        var offsets = new double[skills];
        Parallel.For(0, skills, skill => (directions[skill], offsets[skill]) =
            Separate(texts, [.. skillsOf.Select(s => s.Contains(skill))], features, strength));
        return new(directions, offsets);
    }

    public void Write(BinaryWriter to)
    {
        to.Write(_offsets);
        foreach (var direction in _directions)
            to.Write(direction);
    }

    public static LinearMachine Read(BinaryReader from)
    {
        var offsets = from.ReadDoubles();
        return new([.. offsets.Select(_ => from.ReadFloats())], offsets);
    }

    /// <summary>One number per skill: above zero speaks for it.</summary>
    public double[] Scores(TextVector text)
    {
        var scores = new double[_offsets.Length];
        for (var skill = 0; skill < scores.Length; skill++)
            scores[skill] = text.Dot(_directions[skill]) + _offsets[skill];
        return scores;
    }

    /// <summary>How much a feature speaks for a label.</summary>
    public float Weight(int label, int feature) => _directions[label][feature];

    private static (float[] Direction, double Offset) Separate(TextVector[] texts, bool[] belongs, int features, double strength)
    {
        var (direction, offset) = (new float[features], 0.0);
        var (pull, softness) = (new double[texts.Length], 1 / (2 * strength));
        var (order, random) = (Enumerable.Range(0, texts.Length).ToArray(), new Random(1));
        for (var round = 0; round < Rounds; round++)
        {
            random.Shuffle(order);
            foreach (var i in order)
            {
                var side = belongs[i] ? 1 : -1;
                var fault = side * (texts[i].Dot(direction) + offset) - 1 + softness * pull[i];
                // A vector has length one and the offset counts as one more feature, so the curvature is 2.
                var next = Math.Max(0, pull[i] - fault / (2 + softness));
                var step = (next - pull[i]) * side;
                pull[i] = next;
                if (step == 0)
                    continue;

                var (ids, weights) = texts[i];
                for (var f = 0; f < ids.Length; f++)
                    direction[ids[f]] += (float)(step * weights[f]);
                offset += step;
            }
        }

        return (direction, offset);
    }
}
