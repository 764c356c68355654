using System.Globalization;
using System.Text;
using JasperFx.Events;
using Marten;
using TicMate.Tickets;

namespace TicMate.Bench.Fill;

/// <summary>Which model a ticket is a copy of, and when it was opened.</summary>
public readonly record struct PlannedTicket(DateTimeOffset At, int Form);

/// <summary>Fills in the forms: other people, other words, other times, the same course of events.</summary>
public sealed class Copying(IDocumentStore store, IReadOnlyList<TicketForm> forms, IEnumerable<ModelPerson> people, Crowd crowd, IReadOnlyList<SampleText> texts, DateTimeOffset now, Chance chance)
{
    /// <summary>How far back the oldest tickets go.</summary>
    public static readonly TimeSpan Past = TimeSpan.FromDays(400);

    private const double PartOpen = 0.1;

    private static readonly TimeSpan Usual = TimeSpan.FromHours(20), Newest = TimeSpan.FromMinutes(30), Ahead = TimeSpan.FromDays(3);

    private readonly ISerializer serializer = ((StoreOptions)store.Options).Serializer();

    // Short lives come up more often than long ones.
    private readonly int[] open = [.. Enumerable.Range(0, forms.Count).Where(i => forms[i].IsOpen).OrderBy(i => forms[i].Events.Count)];
    private readonly int[] completed = [.. Enumerable.Range(0, forms.Count).Where(i => !forms[i].IsOpen).OrderBy(i => forms[i].Events.Count)];
    private readonly Dictionary<string, ModelPerson> roles = people.ToDictionary(person => person.Id.ToString());

    // The words as often as they come up, so that a few are in very many tickets and most in few.
    private readonly Dictionary<string, string[]> words = texts.GroupBy(text => text.Skill)
        .ToDictionary(skill => skill.Key, skill => skill.SelectMany(text => text.Text.Split(' ')).Where(word => word.Length >= 4 && word.All(char.IsAsciiLetterLower)).ToArray());

    /// <summary>The tickets to be, oldest first. Completed ones are spread evenly, open ones are mostly new.</summary>
    public PlannedTicket[] Plan(int count)
    {
        var plan = new PlannedTicket[count];
        for (var i = 0; i < count; i++)
            plan[i] = chance.Part() < PartOpen
                ? new(now - Newest - TimeSpan.FromMicroseconds((long)(Past.TotalMicroseconds * Math.Pow(chance.Part(), 8))), chance.OftenFirst(open))
                : new(now - Newest - chance.UpTo(Past), chance.OftenFirst(completed));
        Array.Sort(plan, (a, b) => a.At.CompareTo(b.At));
        return plan;
    }

    public StreamCopy Copy(PlannedTicket planned, int number)
    {
        var form = forms[planned.Form];
        var times = Times(form, planned.At);
        var values = Values(form, times, number);
        var id = Guid.Parse(values[form.Blanks.PlaceOf(form.Model.Document.Id)]);
        var events = new IEvent[form.Events.Count];
        for (var i = 0; i < events.Length; i++)
        {
            var model = form.Events[i];
            var data = serializer.FromJson(model.Type, new MemoryStream(Encoding.UTF8.GetBytes(model.Data.Fill(values))));
            var e = events[i] = StreamCopy.Event(store, id, data, i + 1, times[i], chance);
            (e.UserName, e.CorrelationId, e.CausationId) = (model.UserName?.Fill(values), model.CorrelationId?.Fill(values), model.CausationId?.Fill(values));
        }

        return new(id, typeof(Ticket), events, form.Located) { Form = form, Values = values };
    }

    // The agent is as quick as it was; people take their time, until now at the latest.
    private DateTimeOffset[] Times(TicketForm form, DateTimeOffset opened)
    {
        var byAgent = form.Events.Aggregate(TimeSpan.Zero, (sum, e) => sum + (e.After ?? TimeSpan.Zero));
        var (usual, longest) = (chance.Around(Usual), now - opened - byAgent - TimeSpan.FromMinutes(1));
        var span = usual < longest ? usual : longest * chance.Part();
        var steps = form.Events.Count(e => e.After is null) - 1;
        var parts = Enumerable.Range(0, Math.Max(0, steps)).Select(_ => 0.05 + chance.Part()).ToArray();
        var (times, step, total) = (new DateTimeOffset[form.Events.Count], 0, parts.Sum());
        times[0] = opened;
        for (var i = 1; i < times.Length; i++)
            times[i] = times[i - 1] + (form.Events[i].After ?? TimeSpan.FromMicroseconds((long)(span.TotalMicroseconds * parts[step++] / total)));
        return times;
    }

    private string[] Values(TicketForm form, DateTimeOffset[] times, int number)
    {
        var blanks = form.Blanks.All;
        var values = new string[blanks.Count];
        var taken = new HashSet<Guid>();
        var vocabulary = words.GetValueOrDefault(form.Model.Skill) is { Length: > 0 } own ? own : words.Values.First();

        // A deadline that is over would have been told of, and nobody fills in what follows from that.
        var deadline = (form.IsOpen ? now : times[^1]) + Ahead + chance.UpTo(TimeSpan.FromDays(30));
        deadline = new DateTimeOffset(deadline.UtcDateTime.Date, TimeSpan.Zero).AddDays(1).AddSeconds(-1);
        for (var i = 0; i < values.Length; i++)
            values[i] = blanks[i] switch
            {
                { Kind: BlankKind.Id } id => (roles.TryGetValue(id.Original, out var person) ? Somebody(person, taken) : chance.Id(times[id.FirstEvent])).ToString(),
                { Kind: BlankKind.Time } time => serializer.ToJson(deadline + Whole(DateTimeOffset.Parse(time.Original, CultureInfo.InvariantCulture) - form.FirstDeadline)).Trim('"'),
                { Kind: BlankKind.Trace } trace => chance.Hex(trace.Original.Length),
                { Kind: BlankKind.Number } => number.ToString(CultureInfo.InvariantCulture),
                _ => vocabulary[chance.Below(vocabulary.Length)],
            };
        return values;
    }

    private static TimeSpan Whole(TimeSpan span) => TimeSpan.FromDays(Math.Round(span.TotalDays));

    private Guid Somebody(ModelPerson person, HashSet<Guid> taken)
    {
        while (true)
            if ((person.Skills.Length == 0 ? chance.OftenFirst(crowd.Users) : chance.Of(crowd.Team(person.Skills))) is var somebody && taken.Add(somebody))
                return somebody;
    }
}
