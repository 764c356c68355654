namespace TicMate.Tickets.Triage;

/// <summary>Finds the solved tickets whose words are like those of a text. It holds features and numbers, no words and no names.</summary>
public sealed class SolvedIndex
{
    // Below this two texts share little more than a greeting.
    private const float Alike = 0.15f;

    private readonly TextSpace space;
    private readonly List<(int Ticket, float Weight)>?[] containing;
    private readonly (int Number, string[] Labels)[] tickets;

    public SolvedIndex(IReadOnlyList<SolvedTicket> history)
    {
        space = TextSpace.Of([.. history.Select(t => t.Text)], pairs: false);
        containing = new List<(int, float)>?[space.Size];
        tickets = [.. history.Select(t => (t.Number, Fields.SelectMany(f => t.Of(f).Select(label => Key(f, label))).ToArray()))];
        foreach (var (ticket, solved) in history.Index())
        {
            var (features, weights) = space.Vector(solved.Text);
            for (var i = 0; i < features.Length; i++)
                (containing[features[i]] ??= []).Add((ticket, weights[i]));
        }
    }

    private SolvedIndex(TextSpace space, List<(int Ticket, float Weight)>?[] containing, (int Number, string[] Labels)[] tickets) =>
        (this.space, this.containing, this.tickets) = (space, containing, tickets);

    public void Write(BinaryWriter to)
    {
        space.Write(to);
        foreach (var places in containing)
        {
            to.Write7BitEncodedInt(places?.Count ?? 0);
            foreach (var (ticket, weight) in places ?? [])
            {
                to.Write7BitEncodedInt(ticket);
                to.Write(weight);
            }
        }

        to.Write(tickets.Length);
        foreach (var (number, labels) in tickets)
        {
            to.Write(number);
            to.Write(labels);
        }
    }

    public static SolvedIndex Read(BinaryReader from)
    {
        var space = TextSpace.Read(from);
        var containing = new List<(int, float)>?[space.Size];
        for (var feature = 0; feature < containing.Length; feature++)
        {
            var places = from.Read7BitEncodedInt();
            for (var i = 0; i < places; i++)
                (containing[feature] ??= new(places)).Add((from.Read7BitEncodedInt(), from.ReadSingle()));
        }

        var tickets = new (int, string[])[from.ReadInt32()];
        for (var i = 0; i < tickets.Length; i++)
            tickets[i] = (from.ReadInt32(), from.ReadStrings());
        return new(space, containing, tickets);
    }

    private static readonly string[] Fields = [Contracts.ProposalField.Skills, Contracts.ProposalField.Category, Contracts.ProposalField.Priority];

    /// <summary>How like each solved ticket is to the text: the cosine of the two.</summary>
    public float[] Likeness(string text)
    {
        var likeness = new float[tickets.Length];
        var (features, weights) = space.Vector(text);
        for (var i = 0; i < features.Length; i++)
        {
            foreach (var (ticket, weight) in containing[features[i]] ?? [])
                likeness[ticket] += weight * weights[i];
        }

        return likeness;
    }

    /// <summary>The numbers of the tickets that are most like the text and have this label.</summary>
    public IReadOnlyList<int> Like(float[] likeness, string field, string label, int most)
    {
        var (wanted, nearest) = (Key(field, label), new PriorityQueue<int, (float, int)>(most + 1));
        for (var ticket = 0; ticket < likeness.Length; ticket++)
            if (likeness[ticket] >= Alike && tickets[ticket].Labels.Contains(wanted))
            {
                nearest.Enqueue(ticket, (likeness[ticket], tickets[ticket].Number));
                if (nearest.Count > most)
                    nearest.Dequeue();
            }

        var numbers = new int[nearest.Count];
        while (nearest.Count > 0)
            numbers[nearest.Count - 1] = tickets[nearest.Dequeue()].Number;
        return numbers;
    }

    private static string Key(string field, string label) => $"{field}:{Words.Fold(label)}";
}
