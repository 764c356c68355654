using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using JasperFx.Events;
using Marten;
using TicMate.Tickets.Contracts;

namespace TicMate.Bench.Fill;

/// <summary>An event of a model, to be filled in.</summary>
/// <param name="After">How long after the one before it came, when nobody but the agent did anything in between; null when a person took their time.</param>
public sealed record EventForm(Type Type, Form Data, Form? UserName, Form? CorrelationId, Form? CausationId, TimeSpan? After, bool IsLocated);

/// <summary>A model ticket, to be filled in.</summary>
public sealed partial class TicketForm
{
    private static readonly string[] Written = ["title", "description", "message"];

    public TicketForm(ModelTicket model, ISerializer serializer)
    {
        Model = model;
        var data = model.Events.Select(e => serializer.ToJson(e.Data)).ToArray();
        Blanks = new(WordsThatMayChange(data));
        Events = [.. model.Events.Select((e, i) => new EventForm(
            e.Data.GetType(), Form.Of(data[i], Blanks, i), OrNone(e.UserName, i), OrNone(e.CorrelationId, i), OrNone(e.CausationId, i),
            i > 0 && e.CorrelationId == model.Events[i - 1].CorrelationId ? e.Timestamp - model.Events[i - 1].Timestamp : null, model.Located.Contains(e.Id)))];
        FirstDeadline = Blanks.All.Where(b => b.Kind is BlankKind.Time).Select(b => DateTimeOffset.Parse(b.Original, CultureInfo.InvariantCulture)).DefaultIfEmpty().Min();
        Located = [.. Events.Select(e => e.IsLocated)];
    }

    public ModelTicket Model { get; }
    public Blanks Blanks { get; }
    public IReadOnlyList<EventForm> Events { get; }
    public IReadOnlyList<bool> Located { get; }
    public DateTimeOffset FirstDeadline { get; }
    public bool IsOpen => Model.Document.Status is not Status.Completed;

    private Form? OrNone(string? text, int firstEvent) => text is null ? null : Form.Of(text, Blanks, firstEvent);

    // Those that only the writers chose. What the agent quotes or says stays, so that its advice goes on being about the text.
    private static HashSet<string> WordsThatMayChange(string[] data)
    {
        HashSet<string> written = [], fixedOnes = [];
        foreach (var json in data)
        {
            using var document = JsonDocument.Parse(json);
            Walk(document.RootElement, "", false);
        }

        return [.. written.Except(fixedOnes)];

        void Walk(JsonElement element, string name, bool isSummary)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    var repeats = element.TryGetProperty("field", out var field) && field.ValueEquals(ProposalField.Summary);
                    foreach (var member in element.EnumerateObject())
                    {
                        Add(member.Name, fixedOnes);
                        Walk(member.Value, member.Name, repeats && member.Value.ValueKind is JsonValueKind.Array);
                    }

                    break;
                case JsonValueKind.Array:
                    foreach (var item in element.EnumerateArray())
                        Walk(item, name, isSummary);
                    break;
                case JsonValueKind.String when !isSummary:
                    Add(element.GetString()!, Written.Contains(name) ? written : fixedOnes);
                    break;
            }
        }

        static void Add(string text, HashSet<string> words)
        {
            foreach (Match word in Words().Matches(text))
                words.Add(word.Value);
        }
    }

    [GeneratedRegex(@"\p{L}{4,}")]
    private static partial Regex Words();
}
