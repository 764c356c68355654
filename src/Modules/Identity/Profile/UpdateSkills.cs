using TicMate.Identity.Contracts;
using TicMate.Identity.Sessions;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Profile;

public sealed record UpdateSkills(Field<string[]> Skills);

public static class UpdateSkillsEndpoint
{
    public static ProblemDetails Validate(UpdateSkills request) => new Faults()
        .When(request.Skills is { IsMalformed: false, Value: null }, "skills", "Skills is required.")
        .Names("skills", request.Skills, 20, 50)
        .Problem;

    [WolverinePut("/api/auth/update-skills")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401)]
    public static (AccountChanged, SkillsChanged?) Put(UpdateSkills request, [WriteModel(FromClaim = SessionClaims.UserId, LoadStyle = ModelConcurrencyStyle.Exclusive)] User account)
    {
        var skills = SkillList.Tidy(request.Skills.Value);
        return (
            new AccountChanged(account.Id, "Your skills are saved."),
            skills.SequenceEqual(account.Skills, StringComparer.Ordinal) ? null : new SkillsChanged(account.Id, skills));
    }
}
