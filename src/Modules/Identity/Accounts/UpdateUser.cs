using System.Text.Json.Serialization;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Profile;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Accounts;

/// <summary>A whole user, as old clients send it, or only what shall change.</summary>
public sealed record UpdateUser(
    Field<string> Name, Field<string> Email, Field<string> Role, Flag IsActive, Field<string[]> Skills,
    [property: JsonPropertyName("userId")] Reference? Named = null, Reference? Id = null, [property: JsonPropertyName("_id")] Reference? UnderscoreId = null)
{
    [JsonIgnore]
    public Guid UserId => Reference.FirstOf(Named, Id, UnderscoreId);
}

/// <summary>What the decision rests on besides the account itself.</summary>
public sealed record UpdateUserFacts(PersonalData? Person, Guid? EmailOwner, OtherAdmins OtherAdmins);

public static class UpdateUserEndpoint
{
    public static async Task<UpdateUserFacts> LoadAsync(UpdateUser request, IDocumentSession session, CancellationToken ct)
    {
        var others = await OtherAdmins.HoldAsync(session, request.UserId, ct);
        var owner = string.IsNullOrEmpty(request.Email.Value) ? null : await session.ReserveEmailAsync(request.Email.Value, ct);
        return new(await session.LoadAsync<PersonalData>(request.UserId, ct), owner?.Id, others);
    }

    public static ProblemDetails Validate(UpdateUser request, User? account, UpdateUserFacts facts, CurrentUser admin)
    {
        if (account is null or { IsErased: true } || facts.Person is null)
            return Refuse.NotFound("user");

        var faults = new Faults()
            .OptionalLine("name", request.Name, 100)
            .Email("email", request.Email, required: false)
            .OneOf("role", request.Role, Roles.Words)
            .YesOrNo("isActive", request.IsActive)
            .Names("skills", request.Skills, 20, 50)
            .Problem;
        if (faults != WolverineContinue.NoProblems)
            return faults;

        var losesRole = request.Role.Value is { Length: > 0 } role && role != account.Role;
        var losesAccess = request.IsActive.Value is false && account.IsActive;
        if ((losesRole || losesAccess) && account.Id == admin.Id)
            return Refuse.With(409, "own-account", "Your own role and access are for another admin to change.");

        return facts.EmailOwner is { } owner && owner != account.Id ? Refuse.With(409, "email-taken", "There is an account with this e-mail address already.")
            : losesRole || losesAccess ? facts.OtherAdmins.MayLose(account)
            : WolverineContinue.NoProblems;
    }

    [Authorize(Roles = Roles.Admin), WolverinePut("/api/admin/update-user")]
    [ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(401), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static (AccountChanged, ProfileChanged?, RoleChanged?, UserDeactivated?, UserActivated?, SkillsChanged?, ChangePersonalData) Put(
        UpdateUser request, UpdateUserFacts facts, [WriteModel(nameof(UpdateUser.UserId), LoadStyle = ModelConcurrencyStyle.Exclusive)] User? account)
    {
        var (user, change) = (account!, ChangePersonalData.Of(facts.Person!, request.Name, request.Email));
        var skills = request.Skills.Value is { } given ? SkillList.Tidy(given) : user.Skills;

        return (
            new AccountChanged(user.Id, "The account is saved."),
            change.Fields is [] ? null : new ProfileChanged(user.Id, change.Fields),
            request.Role.Value is { Length: > 0 } role && role != user.Role ? new RoleChanged(user.Id, user.Role, role) : null,
            request.IsActive.Value is false && user.IsActive ? new UserDeactivated(user.Id) : null,
            request.IsActive.Value is true && !user.IsActive ? new UserActivated(user.Id) : null,
            skills.SequenceEqual(user.Skills, StringComparer.Ordinal) ? null : new SkillsChanged(user.Id, skills),
            change);
    }
}
