using System.Diagnostics;
using System.Globalization;
using Npgsql;
using TicMate.Host;

namespace TicMate.Tests.Host;

public sealed class LocalPostgresTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"ticmate-test-{Guid.NewGuid():N}");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        // Whatever a failed test left running.
        if (Directory.Exists(Data(_folder)))
            await (await PostgresCluster.OpenAsync(_folder, _folder)).StopAsync();
        PostgresFiles.Delete(_folder);
    }

    [Fact]
    public async Task Data_survive_a_restart()
    {
        await using (var postgres = await LocalPostgres.StartAsync(_folder, Ct))
            await Execute(postgres.ConnectionString, "CREATE TABLE fact AS SELECT 42 AS answer");

        File.Exists(PidFile(_folder)).ShouldBeFalse("the server stops with the last process");

        await using var again = await LocalPostgres.StartAsync(_folder, Ct);
        (await Execute(again.ConnectionString, "SELECT answer FROM fact")).ShouldBe(42);
    }

    [Fact]
    public async Task The_last_one_out_stops_the_server()
    {
        var starts = await Task.WhenAll(LocalPostgres.StartAsync(_folder, Ct), LocalPostgres.StartAsync(_folder, Ct));
        starts[0].ConnectionString.ShouldBe(starts[1].ConnectionString);

        await starts[0].DisposeAsync();
        await starts[0].DisposeAsync();
        (await Execute(starts[1].ConnectionString, "SELECT 1")).ShouldBe(1);

        await starts[1].DisposeAsync();
        await Should.ThrowAsync<NpgsqlException>(() => Execute(starts[1].ConnectionString, "SELECT 1"));
    }

    [Fact]
    public async Task A_killed_server_comes_back_with_its_data()
    {
        await using var service = await LocalPostgres.StartAsync(_folder, Ct);
        await Execute(service.ConnectionString, "CREATE TABLE fact AS SELECT 42 AS answer");

        using (var server = Process.GetProcessById(await PidAsync(_folder)))
            server.Kill();

        await using var again = await LocalPostgres.StartAsync(_folder, Ct);
        (await Execute(again.ConnectionString, "SELECT answer FROM fact")).ShouldBe(42);
    }

    [Fact]
    public async Task A_server_left_over_by_a_crash_is_taken_over()
    {
        await PostgresFiles.PrepareAsync(_folder);
        await StartWithoutLeaseAsync(_folder);
        var leftOver = await PidAsync(_folder);

        await using (var postgres = await LocalPostgres.StartAsync(_folder, Ct))
        {
            (await PidAsync(_folder)).ShouldBe(leftOver);
            (await Execute(postgres.ConnectionString, "SELECT 1")).ShouldBe(1);
        }

        File.Exists(PidFile(_folder)).ShouldBeFalse();
    }

    [Fact]
    public async Task Neither_half_an_initdb_nor_a_recycled_process_number_is_in_the_way()
    {
        var unfinished = Directory.CreateDirectory(Path.Combine(_folder, "postgres", "new-0123")).FullName;
        await (await LocalPostgres.StartAsync(_folder, Ct)).DisposeAsync();
        Directory.Exists(unfinished).ShouldBeFalse();

        await File.WriteAllTextAsync(PidFile(_folder), $"{Environment.ProcessId}\n{Data(_folder)}\n1700000000\n1\n\n127.0.0.1\n", Ct);
        await using var postgres = await LocalPostgres.StartAsync(_folder, Ct);
        (await Execute(postgres.ConnectionString, "SELECT 1")).ShouldBe(1);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_used_is_explained()
    {
        await File.WriteAllTextAsync(_folder, "a file", Ct);
        try
        {
            var failure = await Should.ThrowAsync<LocalPostgresException>(() => LocalPostgres.StartAsync(_folder, Ct));
            failure.Message.ShouldContain("TICMATE_DATA");
        }
        finally
        {
            File.Delete(_folder);
        }
    }

    [Fact]
    public void Every_checkout_has_a_folder_of_its_own()
    {
        var folder = LocalPostgres.FolderFor("/home/mo/tic $(mate)");

        Path.GetFileName(folder).ShouldStartWith("ticmate-");
        LocalPostgres.FolderFor("/home/mo/tic $(mate)/").ShouldBe(folder);
        LocalPostgres.FolderFor("/home/jo/tic $(mate)").ShouldNotBe(folder);
    }

    internal static async Task<object?> Execute(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }

    /// <summary>What a process leaves that was killed: a server, and nobody who holds a lease.</summary>
    internal static async Task<string> StartWithoutLeaseAsync(string folder) =>
        await (await PostgresCluster.OpenAsync(folder, folder)).RunAsync(careful: false, Ct);

    internal static string Data(string folder) => Path.Combine(folder, "postgres", "data");

    internal static async Task<int> PidAsync(string folder) =>
        int.Parse((await File.ReadAllLinesAsync(PidFile(folder), Ct))[0], CultureInfo.InvariantCulture);

    private static string PidFile(string folder) => Path.Combine(Data(folder), "postmaster.pid");
}

public sealed class ThrowAwayLocalPostgresTests(ThrowAwayLocalPostgresTests.Server server)
    : IClassFixture<ThrowAwayLocalPostgresTests.Server>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;
    private LocalPostgres Postgres => server.Postgres;

    [Theory]
    [InlineData("fsync", "on")]
    [InlineData("synchronous_commit", "on")]
    [InlineData("full_page_writes", "on")]
    [InlineData("data_checksums", "on")]
    [InlineData("listen_addresses", "127.0.0.1")]
    [InlineData("server_encoding", "UTF8")]
    public async Task Nothing_safe_is_switched_off(string setting, string value) =>
        (await LocalPostgresTests.Execute(Postgres.ConnectionString, $"SHOW {setting}")).ShouldBe(value);

    [Fact]
    public async Task Letters_beyond_ascii_have_cases_and_order_is_by_code_point()
    {
        (await LocalPostgresTests.Execute(Postgres.ConnectionString, "SELECT 'ÄRGER' ILIKE 'ärger'")).ShouldBe(true);
        (await LocalPostgresTests.Execute(Postgres.ConnectionString, "SELECT 'Z' < 'a'")).ShouldBe(true);
    }

    [Fact]
    public async Task The_service_owns_its_database_and_is_no_superuser()
    {
        await LocalPostgresTests.Execute(Postgres.ConnectionString, "CREATE SCHEMA tickets");
        (await LocalPostgresTests.Execute(Postgres.ConnectionString, "SHOW is_superuser")).ShouldBe("off");
    }

    [Theory]
    [InlineData("ticmate", "ticmate")]
    [InlineData("postgres", "postgres")]
    public async Task Nobody_gets_in_without_the_password(string user, string database)
    {
        var guess = new NpgsqlConnectionStringBuilder(Postgres.ConnectionString) { Username = user, Database = database };
        guess.Password = "guess";

        var refused = await Should.ThrowAsync<PostgresException>(() => LocalPostgresTests.Execute(guess.ConnectionString, "SELECT 1"));
        refused.SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
    }

    [Fact]
    public void Nobody_else_reads_the_password()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Windows has no such rights.");
        else
            File.GetUnixFileMode(Path.Combine(Postgres.Folder, "password")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task Two_run_at_once_and_leave_nothing_behind()
    {
        // Apart from other test runs of this machine, which would sweep the leftover too.
        var all = Path.Combine(Path.GetTempPath(), $"ticmate-test-{Guid.NewGuid():N}");
        var leftOver = Path.Combine(all, Guid.NewGuid().ToString("N"));
        await PostgresFiles.PrepareAsync(leftOver);
        var abandoned = await LocalPostgresTests.StartWithoutLeaseAsync(leftOver);

        string folder;
        await using (var other = await LocalPostgres.StartThrowAwayAsync(Ct, under: all))
        {
            Directory.Exists(leftOver).ShouldBeFalse();
            await Should.ThrowAsync<NpgsqlException>(() => LocalPostgresTests.Execute(abandoned, "SELECT 1"));

            folder = other.Folder;
            other.ConnectionString.ShouldNotBe(Postgres.ConnectionString);
            (await LocalPostgresTests.Execute(other.ConnectionString, "SELECT 1")).ShouldBe(1);
            (await LocalPostgresTests.Execute(Postgres.ConnectionString, "SELECT 1")).ShouldBe(1);
        }

        Directory.Exists(folder).ShouldBeFalse();
        PostgresFiles.Delete(all);
    }

    public sealed class Server : IAsyncLifetime
    {
        public LocalPostgres Postgres { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Postgres = await LocalPostgres.StartThrowAwayAsync(Ct);

        public ValueTask DisposeAsync() => Postgres.DisposeAsync();
    }
}
