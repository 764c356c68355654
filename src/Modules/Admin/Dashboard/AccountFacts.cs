using JasperFx.Events;
using TicMate.Identity.Contracts;

namespace TicMate.Admin.Dashboard;

/// <summary>What the dashboard must know of an account to count it.</summary>
public sealed record AccountFacts(Guid Id, string Role, DateTimeOffset CreatedAt)
{
    public bool IsActive { get; init; } = true;
    public bool IsErased { get; init; }

    /// <summary>May be given tickets.</summary>
    public bool IsStaff => IsActive && !IsErased && Role is not Roles.User;

    /// <summary>Null as long as there is no account.</summary>
    public static AccountFacts? After(AccountFacts? account, IEvent stored) => stored.Data switch
    {
        UserRegistered e => new(e.UserId, e.Role, stored.Timestamp),
        UserInvited e => new(e.UserId, e.Role, stored.Timestamp),
        RoleChanged e => account is null ? null : account with { Role = e.To },
        UserDeactivated => account is null ? null : account with { IsActive = false },
        UserActivated => account is null ? null : account with { IsActive = true },
        UserErased => account is null ? null : account with { IsActive = false, IsErased = true },
        _ => account,
    };

    public IEnumerable<Tally> Tallies() => IsErased ? []
        : [Tally.Stock(StockKind.Role, Role, IsActive ? 1 : 0), Tally.Flow(FlowKind.Account, CreatedAt)];
}
