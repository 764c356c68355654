using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NetArchTest.Rules;
using TicMate.Admin;
using TicMate.Identity;
using TicMate.Tickets;

namespace TicMate.Tests.Architecture;

public sealed class ModuleBoundaryTests
{
    [Theory]
    [InlineData(typeof(TicketsModule), typeof(IdentityModule))]
    [InlineData(typeof(AdminModule), typeof(IdentityModule))]
    [InlineData(typeof(AdminModule), typeof(TicketsModule))]
    public void A_module_sees_only_the_contracts_of_another(Type module, Type other)
    {
        var hidden = other.Assembly.GetTypes()
            .Where(t => t != other && t.Namespace is { } ns && !ns.EndsWith(".Contracts", StringComparison.Ordinal))
            .Select(t => t.FullName!).ToArray();

        var result = Types.InAssembly(module.Assembly).ShouldNot().HaveDependencyOnAny(hidden).GetResult();

        (result.FailingTypeNames ?? []).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(typeof(IdentityModule)), InlineData(typeof(TicketsModule)), InlineData(typeof(AdminModule))]
    public void Slices_lie_in_folders_named_for_what_people_do(Type module)
    {
        string[] kinds = ["Common", "Helpers", "Services", "Managers", "Utils", "Dtos", "Handlers", "Commands"];
        module.Assembly.GetTypes().Where(t => t.Namespace?.Split('.').Intersect(kinds).Any() is true).ShouldBeEmpty();
    }
}

public sealed class EndpointTests(App app) : AppTest(app)
{
    // What anybody may call. A new route is for people who are signed in until it is named here.
    private static readonly string[] ForAnyone =
    [
        "/api/auth/register", "/api/auth/login", "/api/auth/logout", "/api/auth/refresh", "/api/auth/verify-email", "/api/auth/resend-verification-email",
        "/api/auth/forgot-password", "/api/auth/reset-password", "/auth/verify-email", "/auth/reset-password", "/health/live", "/health/ready", "/openapi/{documentName}.json",
        "/docs/{documentName?}", "/docs", "/docs/", "/dev/mail", "/dev/mail.json", "/dev/mail/{id}", "/dev/mail/{id}.eml",
    ];

    [Fact]
    public void Every_other_route_asks_who_is_calling()
    {
        var open = Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is not null || e.Metadata.GetMetadata<IAuthorizeData>() is null)
            .Select(e => "/" + e.RoutePattern.RawText!.TrimStart('/'));

        open.Except(ForAnyone).Where(route => !route.StartsWith("/docs", StringComparison.Ordinal)).ShouldBeEmpty();
    }
}
