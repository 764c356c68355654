using System.Text.Json.Serialization;
using Marten;
using TicMate.Identity.Contracts;
using TicMate.Identity.Links;
using TicMate.Identity.Profile;
using TicMate.Identity.Sessions;
using Wolverine;
using Wolverine.Marten;
using Wolverine.Persistence.EventSourcing;

namespace TicMate.Identity.Accounts;

/// <summary>A whole user, as old clients send it, or only what shall change.</summary>
public sealed record UpdateUser(
    Field<string> Name, Field<string> Email, Field<string> Role, Flag IsActive, Field<string[]> Skills, Number Capacity,
    [property: JsonPropertyName("userId")] Reference? Named = null, Reference? Id = null, [property: JsonPropertyName("_id")] Reference? UnderscoreId = null)
{
    [JsonIgnore]
    public Guid UserId => Reference.FirstOf(Named, Id, UnderscoreId);
}

/// <summary>What the decision rests on besides the account itself.</summary>
public sealed record UpdateUserFacts(PersonalData? Person, Guid? EmailOwner, OtherAdmins OtherAdmins, OpenSessions Sessions);

public static class UpdateUserEndpoint
{
    public static async Task<UpdateUserFacts> LoadAsync(UpdateUser request, IDocumentSession session, CancellationToken ct)
    {
        var others = await OtherAdmins.HoldAsync(session, request.UserId, ct);
        var owner = string.IsNullOrEmpty(request.Email.Value) ? null : await session.ReserveEmailAsync(request.Email.Value, ct);
        return new(await session.LoadAsync<PersonalData>(request.UserId, ct), owner?.Id, others, await session.HoldSessionsAsync(request.UserId, ct));
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
            .When(
                request.Capacity is { IsMalformed: true } or { Value: < 0 or > 1_000 }, "capacity", "Capacity must be a whole number from 0 to 1000, or null for no limit.")
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
    public static (AccountChanged, Events, ChangePersonalData, EndSessions?, OutgoingMessages) Put(
        UpdateUser request, UpdateUserFacts facts, [WriteModel(nameof(UpdateUser.UserId), LoadStyle = ModelConcurrencyStyle.Exclusive)] User? account,
        DateTimeOffset now)
    {
        var (user, person) = (account!, facts.Person!);
        var (name, email) = (ChangePersonalData.Changed(request.Name, person.Name), ChangePersonalData.Changed(request.Email, person.Email));
        var skills = request.Skills.Value is { } given ? SkillList.Tidy(given) : user.Skills;

        // Both addresses hear of it; the admin's word stands for the proof that the new one is the person's.
        var notice = email is null ? null : SendAccountMail.Notice(user.Id, AccountMailKind.AddressChanged);
        var former = notice is null ? null : new FormerAddress(notice.RecordId, user.Id, person.Email, now);
        var change = new ChangePersonalData(user.Id, name, email, null, former);

        Events events = [];
        if (change.Fields is not [])
            events += new ProfileChanged(user.Id, change.Fields);
        if (email is not null)
            events.AddRange([new EmailChanged(user.Id), new EmailVerified(user.Id)]);
        if (request.Role.Value is { Length: > 0 } role && role != user.Role)
            events += new RoleChanged(user.Id, user.Role, role);
        if (request.IsActive.Value is { } active && active != user.IsActive)
            events += active ? new UserActivated(user.Id) : new UserDeactivated(user.Id);
        if (!skills.SequenceEqual(user.Skills, StringComparer.Ordinal))
            events += new SkillsChanged(user.Id, skills);
        if (request.Capacity.IsGiven && request.Capacity.Value != user.Capacity)
            events += new CapacityChanged(user.Id, (int?)request.Capacity.Value);

        return (
            new AccountChanged(user.Id, "The account is saved."), events, change,
            events.OfType<UserDeactivated>().Any() ? facts.Sessions.End("deactivated") : events.OfType<RoleChanged>().Any() ? facts.Sessions.End("role-changed") : null,
            notice is null ? [] : [notice, SendAccountMail.Notice(user.Id, AccountMailKind.AddressNow)]);
    }
}
