namespace TicMate.Tickets.Triage;

/// <summary>
/// Turns scores into confidences: the chance that a skill is right, given its own score and that of its strongest rival.
/// A logistic regression on tickets the machine had not seen (Platt's method with one input more), fitted by Newton's method.
/// </summary>
public sealed class Calibration
{
    private readonly double[] _weights;

    private Calibration(double[] weights) => _weights = weights;

    public static Calibration Of(IReadOnlyList<(double[] Scores, HashSet<int> Truth)> unseen)
    {
        var points = unseen.SelectMany(u => u.Scores.Select((_, skill) => (Inputs: Inputs(u.Scores, skill), Right: u.Truth.Contains(skill)))).ToArray();
        var weights = new double[3];
        for (var round = 0; round < 20; round++)
        {
            var slope = new double[3];
            // The small ridge keeps the fit finite when the two classes part perfectly.
            var curve = new double[3, 3] { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } };
            for (var i = 0; i < 3; i++)
                slope[i] = -weights[i];
            foreach (var (inputs, right) in points)
            {
                var chance = Chance(weights, inputs);
                for (var i = 0; i < 3; i++)
                {
                    slope[i] += ((right ? 1 : 0) - chance) * inputs[i];
                    for (var j = 0; j < 3; j++)
                        curve[i, j] += chance * (1 - chance) * inputs[i] * inputs[j];
                }
            }

            var step = Solve(curve, slope);
            // A full Newton step may overshoot when the classes part well, so it is halved until it helps.
            var (length, before) = (1.0, Loss(weights, points));
            while (length > 0.001 && Loss(Moved(weights, step, length), points) > before)
                length /= 2;
            if (length <= 0.001)
                break;
            weights = Moved(weights, step, length);
        }

        // A machine that is wrong more often the surer it is knows nothing: every skill gets its plain frequency.
        var frequency = (points.Count(p => p.Right) + 1.0) / (points.Length + 2);
        return new(weights[1] > 0 ? weights : [Math.Log(frequency / (1 - frequency)), 0, 0]);
    }

    public void Write(BinaryWriter to) => to.Write(_weights);

    public static Calibration Read(BinaryReader from) => new(from.ReadDoubles());

    public double Confidence(double[] scores, int skill) => Chance(_weights, Inputs(scores, skill));

    private static double[] Inputs(double[] scores, int skill)
    {
        var rival = -2.0;
        for (var other = 0; other < scores.Length; other++)
        {
            if (other != skill)
                rival = Math.Max(rival, scores[other]);
        }

        return [1, scores[skill], rival];
    }

    private static double[] Moved(double[] weights, double[] step, double length) => [.. weights.Zip(step, (w, s) => w + length * s)];

    private static double Loss(double[] weights, (double[] Inputs, bool Right)[] points) =>
        weights.Sum(w => w * w) / 2 - points.Sum(p => Math.Log(Math.Max(1e-12, p.Right ? Chance(weights, p.Inputs) : 1 - Chance(weights, p.Inputs))));

    private static double Chance(double[] weights, double[] inputs) =>
        1 / (1 + Math.Exp(-(weights[0] * inputs[0] + weights[1] * inputs[1] + weights[2] * inputs[2])));

    // Elimination without pivoting is safe: the matrix is symmetric and, by its ridge, positive definite.
    private static double[] Solve(double[,] matrix, double[] right)
    {
        for (var column = 0; column < 3; column++)
        {
            for (var row = column + 1; row < 3; row++)
            {
                var factor = matrix[row, column] / matrix[column, column];
                for (var k = column; k < 3; k++)
                    matrix[row, k] -= factor * matrix[column, k];
                right[row] -= factor * right[column];
            }
        }

        var result = new double[3];
        for (var row = 2; row >= 0; row--)
        {
            var sum = right[row];
            for (var k = row + 1; k < 3; k++)
                sum -= matrix[row, k] * result[k];
            result[row] = sum / matrix[row, row];
        }

        return result;
    }
}
