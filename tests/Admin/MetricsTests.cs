using System.Collections;
using System.Text.Json;
using TicMate.Admin.Dashboard;
using TicMate.Host;

namespace TicMate.Tests.Admin;

public sealed class MetricsTests
{
    // What is told as other routes tell it.
    private static readonly string[] Objects = ["users", "tickets", "adminProfile"];

    [Fact]
    public void Every_number_of_the_dashboard_is_defined_and_nothing_else_is() =>
        Metrics.All.Select(m => m.Name).ShouldBe(NumbersIn(typeof(DashboardAnswer), ""), ignoreOrder: true);

    [Fact]
    public void The_page_says_what_the_service_says()
    {
        var page = File.ReadLines(Path.Combine(Database.Checkout, "docs", "metrics.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToArray();

        page.ShouldBe(Metrics.All.Select(m => $"| `{m.Name}` | {m.Title} | {m.Definition} | {m.Unit} | {m.Source} | {m.Error} |".Replace("|  |", "| |", StringComparison.Ordinal)));
    }

    private static IEnumerable<string> NumbersIn(Type type, string path)
    {
        foreach (var property in type.GetProperties())
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            if (path.Length == 0 && Objects.Contains(name))
                continue;

            var kind = property.PropertyType;
            var item = kind != typeof(string) && kind.IsAssignableTo(typeof(IEnumerable)) ? kind.GetGenericArguments()[0] : kind;
            if (item == typeof(long) || item == typeof(double?))
                yield return path + name;
            else if (item.Assembly == type.Assembly)
                foreach (var inner in NumbersIn(item, $"{path}{name}."))
                    yield return inner;
        }
    }
}
