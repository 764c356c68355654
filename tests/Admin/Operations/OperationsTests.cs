using TicMate.Identity.Contracts;

namespace TicMate.Tests.Admin.Operations;

public sealed class OperationsTests(OperationsApp app) : OperationsScenarios(app)
{
    [Fact]
    public async Task An_admin_sees_how_the_service_is()
    {
        var admin = await Someone(Roles.Admin);
        await ATicket(await Someone());

        var answer = await Call(admin, "GET", "/api/admin/operations");
        answer.Status.ShouldBe(200, answer.Json?.ToJsonString());
        var body = answer.Body;
        ((bool)body["nodes"]![0]!["isLeader"]!).ShouldBeTrue();
        body["queues"]!.AsArray().Sum(queue => (long)queue!["handled"]!).ShouldBeGreaterThan(0);
        ((string)body["projections"]!.AsArray().Single(p => (string)p!["name"]! == "AdviceQuality:All")!["state"]!).ShouldBe("running");
        ((string)body["ai"]!["advisor"]!, (string)body["ai"]!["state"]!, (string)body["mail"]!["transport"]!).ShouldBe(("built-in", "off", "smtp"));
        ((long)body["database"]!["bytes"]!, (int)body["database"]!["connections"]!).ShouldSatisfyAllConditions(d => d.Item1.ShouldBeGreaterThan(1_000_000), d => d.Item2.ShouldBeGreaterThan(0));
        (await Call(admin, "GET", "/api/admin/operations?verbose=1")).ShouldFault("verbose");
    }
}
