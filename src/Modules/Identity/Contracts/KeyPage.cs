using System.Globalization;

namespace TicMate.Identity.Contracts;

/// <summary>Which page of a short list is asked for, in the order of the ids; its cursor is the id of the last one shown.</summary>
public sealed record KeyPage(int Limit, Guid? After)
{
    public static (KeyPage, ProblemDetails) Read(IQueryCollection query)
    {
        var faults = new Faults();
        var page = new KeyPage(25, null);
        foreach (var (name, values) in query)
            switch (name)
            {
                case "limit" when values.Count == 1 && int.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= 100:
                    page = page with { Limit = limit };
                    break;
                case "cursor" when values.Count == 1 && new Reference(values[0] ?? "").Id is var after && after != Reference.Nothing:
                    page = page with { After = after };
                    break;
                case "limit":
                    faults.Add(name, "limit must be a number from 1 to 100, given once.");
                    break;
                case "cursor":
                    faults.Add(name, "cursor must be the next of an earlier page, given once.");
                    break;
                default:
                    faults.Add(name, $"{name} is not a parameter of this list.");
                    break;
            }

        return (page, faults.Problem);
    }
}
