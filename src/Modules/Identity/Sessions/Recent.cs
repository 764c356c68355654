namespace TicMate.Identity.Sessions;

/// <summary>
/// The values that were asked for lately, so many at most. Two generations: what was not asked for while the younger one filled up is
/// dropped with the older. Not safe for threads by itself.
/// </summary>
public sealed class Recent<TKey, TValue>(int most) where TKey : notnull where TValue : class
{
    private Dictionary<TKey, TValue> young = [], old = [];

    public TValue? Find(TKey key)
    {
        if (young.TryGetValue(key, out var value))
            return value;

        if (old.TryGetValue(key, out value))
            Put(key, value);

        return value;
    }

    public void Put(TKey key, TValue value)
    {
        if (young.Count >= most / 2)
            (old, young) = (young, []);

        young[key] = value;
    }

    public void Remove(TKey key)
    {
        young.Remove(key);
        old.Remove(key);
    }

    public void Clear() => (young, old) = ([], []);
}
