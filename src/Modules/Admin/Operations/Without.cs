using TicMate.Identity.Contracts;

namespace TicMate.Admin.Operations;

/// <summary>Refuses query parameters where a route has none.</summary>
public static class Without
{
    public static ProblemDetails Parameters(IQueryCollection query)
    {
        var faults = new Faults();
        foreach (var name in query.Keys)
            faults.Add(name, $"{name} is not a parameter of this route.");
        return faults.Problem;
    }
}
