using System.Threading.Channels;

namespace TicMate.Bench.Fill;

/// <summary>Writes what it is given in batches, beside whoever gives it; who gives faster than it writes waits.</summary>
public sealed class Pump<T>
{
    private readonly Channel<List<T>> batches = Channel.CreateBounded<List<T>>(2);
    private readonly int size;
    private readonly Task writing;
    private List<T> batch = [];

    public Pump(int size, Func<IReadOnlyList<T>, Task> write)
    {
        this.size = size;
        writing = Task.Run(async () =>
        {
            try
            {
                await foreach (var full in batches.Reader.ReadAllAsync())
                    await write(full);
            }
            catch (Exception e)
            {
                batches.Writer.TryComplete(e);
                throw;
            }
        });
    }

    public ValueTask AddAsync(T item, CancellationToken ct)
    {
        batch.Add(item);
        return batch.Count < size ? ValueTask.CompletedTask : PassOnAsync(ct);
    }

    /// <summary>Until all is written.</summary>
    public async Task CompleteAsync(CancellationToken ct)
    {
        await PassOnAsync(ct);
        batches.Writer.TryComplete();
        await writing;
    }

    private ValueTask PassOnAsync(CancellationToken ct)
    {
        var full = batch;
        batch = new(size);
        return batches.Writer.WriteAsync(full, ct);
    }
}
