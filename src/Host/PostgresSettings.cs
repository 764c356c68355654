namespace TicMate.Host;

/// <summary>
/// The server's configuration, in a folder apart from its data: what root writes must not lie where another account could
/// plant a link. Lasting changes of a user's own go through ALTER SYSTEM, which writes beside the data.
/// </summary>
public static class PostgresSettings
{
    public static void Write(string folder, string data, int port)
    {
        PostgresFiles.MakeFolder(folder, PostgresFiles.EveryonesFolder);
        PostgresFiles.Write(Path.Combine(folder, "pg_hba.conf"), "host all all 127.0.0.1/32 scram-sha-256\n", PostgresFiles.EveryonesFile);
        PostgresFiles.Write(Path.Combine(folder, "pg_ident.conf"), "", PostgresFiles.EveryonesFile);
        PostgresFiles.Write(Path.Combine(folder, "postgresql.conf"), $"""
            # Written anew at every start. For lasting changes use ALTER SYSTEM.
            data_directory = {Quote(data)}
            hba_file = {Quote(Path.Combine(folder, "pg_hba.conf"))}
            ident_file = {Quote(Path.Combine(folder, "pg_ident.conf"))}
            listen_addresses = '127.0.0.1'
            port = {port}
            unix_socket_directories = ''
            password_encryption = 'scram-sha-256'
            # The service and an import beside it, each with a full pool.
            max_connections = 210
            shared_buffers = '128MB'
            fsync = on
            synchronous_commit = on
            full_page_writes = on
            log_checkpoints = off
            log_timezone = 'UTC'
            timezone = 'UTC'
            lc_messages = 'C'

            """, PostgresFiles.EveryonesFile);
    }

    private static string Quote(string path)
    {
        var slashed = path.Replace(@"\", OperatingSystem.IsWindows() ? "/" : @"\\", StringComparison.Ordinal);
        return $"'{slashed.Replace("'", "''", StringComparison.Ordinal)}'";
    }
}
