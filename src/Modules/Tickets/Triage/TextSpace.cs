namespace TicMate.Tickets.Triage;

/// <summary>A text as weighted features, sorted by feature; the squares of the weights add up to one.</summary>
public readonly record struct TextVector(int[] Features, float[] Weights)
{
    public double Dot(float[] direction)
    {
        double sum = 0;
        for (var i = 0; i < Features.Length; i++)
            sum += direction[Features[i]] * Weights[i];
        return sum;
    }
}

/// <summary>
/// Turns a text into tf-idf features: its words and pairs of neighbouring words, with a logarithmic count. A feature is a
/// hash, so no word of a solved ticket is kept; one seen in a single ticket teaches nothing and is left out.
/// </summary>
public sealed class TextSpace
{
    private const int Buckets = 1 << 20;
    private const int MostFeatures = 40_000;
    private const int MostWords = 300;

    private readonly Dictionary<int, int> _featureOf;
    private readonly float[] _rarity;
    private readonly bool _pairs;

    private TextSpace(Dictionary<int, int> featureOf, float[] rarity, bool pairs) =>
        (_featureOf, _rarity, _pairs) = (featureOf, rarity, pairs);

    public int Size => _rarity.Length;

    public void Write(BinaryWriter to)
    {
        to.Write(_pairs);
        to.Write(_rarity);
        foreach (var bucket in _featureOf.OrderBy(f => f.Value))
            to.Write(bucket.Key);
    }

    public static TextSpace Read(BinaryReader from)
    {
        var (pairs, rarity) = (from.ReadBoolean(), from.ReadFloats());
        return new(Enumerable.Range(0, rarity.Length).ToDictionary(_ => from.ReadInt32(), feature => feature), rarity, pairs);
    }

    public static TextSpace Of(IReadOnlyCollection<string> texts, bool pairs)
    {
        var seenIn = new int[Buckets];
        foreach (var text in texts)
        {
            foreach (var bucket in BucketsOf(text, pairs).ToHashSet())
                seenIn[bucket]++;
        }

        var kept = Enumerable.Range(0, Buckets).Where(b => seenIn[b] > 1).OrderByDescending(b => seenIn[b]).Take(MostFeatures).Order().ToArray();
        var rarity = kept.Select(b => (float)(Math.Log((1.0 + texts.Count) / (1 + seenIn[b])) + 1)).ToArray();
        return new(kept.Index().ToDictionary(k => k.Item, k => k.Index), rarity, pairs);
    }

    /// <summary>The text in this space; empty when it shares no feature with what was learned from.</summary>
    public TextVector Vector(string text)
    {
        var counts = new SortedDictionary<int, int>();
        foreach (var bucket in BucketsOf(text, _pairs))
        {
            if (_featureOf.TryGetValue(bucket, out var feature))
                counts[feature] = counts.GetValueOrDefault(feature) + 1;
        }

        var features = counts.Keys.ToArray();
        var weights = counts.Select(c => (float)(1 + Math.Log(c.Value)) * _rarity[c.Key]).ToArray();
        var length = MathF.Sqrt(weights.Sum(w => w * w));
        for (var i = 0; i < weights.Length; i++)
            weights[i] /= length;
        return new(features, weights);
    }

    /// <summary>The single words of the text that are features.</summary>
    public IEnumerable<(Word Word, int Feature, float Rarity)> WordsOf(string text)
    {
        foreach (var word in Words.Of(text).Take(MostWords))
        {
            if (_featureOf.TryGetValue((int)(Hash(word.Folded) % Buckets), out var feature))
                yield return (word, feature, _rarity[feature]);
        }
    }

    private static IEnumerable<int> BucketsOf(string text, bool pairs)
    {
        ulong before = 0;
        foreach (var word in Words.Of(text).Take(MostWords))
        {
            var hash = Hash(word.Folded);
            yield return (int)(hash % Buckets);
            if (pairs && before != 0)
                yield return (int)((before * 0x9E3779B97F4A7C15 ^ hash) % Buckets);
            before = hash;
        }
    }

    // FNV-1a with a final mix: string.GetHashCode differs from process to process, and a prediction must not.
    private static ulong Hash(string word)
    {
        var hash = 14695981039346656037;
        foreach (var c in word)
            hash = (hash ^ c) * 1099511628211;
        return (hash ^ (hash >> 29)) * 0xBF58476D1CE4E5B9 >> 17 | 1;
    }
}
