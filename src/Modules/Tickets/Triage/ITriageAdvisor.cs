namespace TicMate.Tickets.Triage;
public sealed record TicketText(string Title, string Description);
public sealed record Installation(IReadOnlyList<string> StaffSkills, SkillClassifier? Learned);
public sealed record TriageAdvice(string Advisor, string Priority, string[] Skills, string Notes, string Summary);
public interface ITriageAdvisor { string Name { get; } Task<TriageAdvice> AdviseAsync(TicketText ticket, Installation installation, CancellationToken ct); }
public sealed class SkillClassifier { }
public sealed class ModelUnavailableException : Exception { public string Reason => "x"; }
public sealed class BuiltInAdvisor : ITriageAdvisor { public string Name => "built-in"; public Task<TriageAdvice> AdviseAsync(TicketText t, Installation i, CancellationToken ct) => Task.FromResult(new TriageAdvice("built-in","high",[.. i.StaffSkills.Where(s => t.Title.Contains(s, StringComparison.OrdinalIgnoreCase))],"notes","summary")); }
public sealed class TriageAdvisors { public ITriageAdvisor? Model => null; public ITriageAdvisor BuiltIn { get; } = new BuiltInAdvisor(); }
