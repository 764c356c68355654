using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Npgsql;
using TicMate.Identity.Email;

namespace TicMate.Host;

/// <summary>A setting that the service cannot start with; the message names it and says what is expected, never its value.</summary>
public sealed class SettingException(string message) : Exception(message);

/// <summary>
/// The names of the original backend's environment, from the environment or a <c>.env</c> file, as ordinary .NET configuration. A value
/// given under its .NET name wins.
/// </summary>
public static class Settings
{
    /// <summary>The value of <c>.env.example</c>, which is no secret.</summary>
    public const string ExampleSecret = "change-me-to-a-long-random-string";

    private static readonly Dictionary<string, string> Names = new()
    {
        ["JWT_SECRET"] = "Identity:Secret", ["JWT_SECRET_PREVIOUS"] = "Identity:PreviousSecrets", ["GEMINI_API_KEY"] = "Ai:ApiKey", ["GEMINI_MODEL"] = "Ai:Model", ["RESEND_API_KEY"] = "Mail:ResendApiKey",
        ["EMAIL_FROM"] = "Mail:From", ["APP_URL"] = "AppUrl", ["CORS_ORIGINS"] = "CorsOrigins", ["DATABASE_URL"] = "ConnectionStrings:Database", ["MIGRATE_DATABASE_URL"] = "ConnectionStrings:Migrate",
        ["KNOWN_PROXIES"] = "KnownProxies",
    };

    private static readonly string[] NeedOnlyDatabase = ["migrate", "backup", "resume", "erasures"];
    private static readonly string[] Switches = ["Outbound:AllowLoopback", "ApiDocs:Enabled", "DemoAccounts"];

    /// <summary>What a person can do about a start that failed, in a sentence; null when it is none of their doing.</summary>
    public static string? Explain(Exception failure) => failure switch
    {
        IOException { InnerException: AddressInUseException } => "Its port is taken: stop what listens there, or set PORT to another one.",
        SettingException or LocalPostgresException or OptionsValidationException => failure.Message,
        _ => Database.Explain(failure),
    };

    /// <summary>Reads what is set, fills in what Development may leave out, and refuses what would be unsafe.</summary>
    public static void AddSettings(this WebApplicationBuilder builder, string[] args)
    {
        builder.AddEnvironment();
        if (builder.Environment.IsDevelopment())
        {
            if (string.IsNullOrEmpty(builder.Configuration["Identity:Secret"]))
                builder.Configuration["Identity:Secret"] = Database.KeptSecret();

            builder.Configuration[ErasureLedger.Key] ??= Path.Combine(Database.DataFolder, "erasures.ndjson");
            builder.Configuration["Mail:Folder"] ??= Path.Combine(Database.DataFolder, "mail");
        }

        if (Database.NeedsOnlyCode(args) || NeedOnlyDatabase.Contains(args.FirstOrDefault()))
            return;

        builder.Configuration.Check(builder.Environment);
    }

    /// <summary>Adds the old names, and the addresses to listen on, to the configuration.</summary>
    private static void AddEnvironment(this WebApplicationBuilder builder)
    {
        var file = new[] { Directory.GetCurrentDirectory(), Database.Checkout }.Select(folder => Path.Combine(folder, ".env")).FirstOrDefault(File.Exists);
        var given = file is not null ? DotNetEnv.Env.NoEnvVars().Load(file).ToDictionary(kv => kv.Key, kv => (string?)kv.Value) : [];
        foreach (var name in Names.Keys.Append("PORT").Append("TICMATE_DATA"))
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
                given[name] = value;

        var settings = new Dictionary<string, string?>();
        foreach (var (name, key) in Names)
            if (given.GetValueOrDefault(name) is { Length: > 0 } value && string.IsNullOrEmpty(builder.Configuration[key]))
                settings[key] = name.EndsWith("DATABASE_URL", StringComparison.Ordinal) ? ConnectionString(value, name) : value;

        if (string.IsNullOrEmpty(builder.Configuration["urls"]))
            settings["urls"] = $"http://{(builder.Environment.IsDevelopment() ? "localhost" : "*")}:{Port(given.GetValueOrDefault("PORT"))}";

        if (given.GetValueOrDefault("TICMATE_DATA") is { Length: > 0 } folder)
            Environment.SetEnvironmentVariable("TICMATE_DATA", folder);

        foreach (var (name, value) in given.Where(pair => pair.Key.StartsWith("OTEL_", StringComparison.Ordinal) && string.IsNullOrEmpty(builder.Configuration[pair.Key])))
            settings[name] = value;

        builder.Configuration.AddInMemoryCollection(settings);
    }

    /// <summary>Secrets whose tokens still hold.</summary>
    public static string[] PreviousSecrets(this IConfiguration configuration) => configuration.Secrets("Identity:PreviousSecrets");

    /// <summary>A list of secrets, or one text with commas.</summary>
    public static string[] Secrets(this IConfiguration configuration, string key) => configuration.GetSection(key) is var section
        ? [.. section.GetChildren().Select(child => child.Value).Prepend(section.Value)
            .SelectMany(text => (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))]
        : [];

    /// <summary>The origins whose pages may call with the cookie.</summary>
    public static string[] AllowedOrigins(this IConfiguration configuration) =>
        [.. $"{configuration["CorsOrigins"]},{configuration["AppUrl"]}".Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(o => Origin(o) ?? throw new SettingException("CORS_ORIGINS and APP_URL must be addresses like https://tickets.example.org, the former separated by commas.")).Distinct()];

    /// <summary>Refuses what would be unsafe or would fail only later.</summary>
    public static void Check(this IConfiguration configuration, IHostEnvironment environment)
    {
        var secret = configuration["Identity:Secret"] ?? "";
        if (!environment.IsDevelopment() && (Encoding.UTF8.GetByteCount(secret) < 32 || secret == ExampleSecret || secret.Distinct().Count() < 12))
            throw new SettingException("JWT_SECRET must be a random secret of at least 32 bytes, for example the output of: openssl rand -base64 48");

        if (configuration["Audit:SigningKey"] is { Length: > 0 } signing && (Encoding.UTF8.GetByteCount(signing) < 32 || signing.Distinct().Count() < 12))
            throw new SettingException("Audit:SigningKey must be a random secret of at least 32 bytes, for example the output of: openssl rand -base64 48");

        if (secret.Length > 0 && Encoding.UTF8.GetByteCount(secret) < 32)
            throw new SettingException("JWT_SECRET must have at least 32 bytes.");

        if (configuration.PreviousSecrets().Any(previous => Encoding.UTF8.GetByteCount(previous) < 32 || previous == ExampleSecret))
            throw new SettingException("JWT_SECRET_PREVIOUS must list earlier values of JWT_SECRET, each of at least 32 bytes, separated by commas.");

        _ = configuration.AllowedOrigins();
        if (Switches.FirstOrDefault(name => configuration[name] is { Length: > 0 } text && !bool.TryParse(text, out _)) is { } name)
            throw new SettingException($"{name} must be true or false.");

        if (configuration["Nodes"] is { Length: > 0 } nodes && !(int.TryParse(nodes, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0))
            throw new SettingException("Nodes must be the number of nodes that share the database: 1 or more.");

        var local = new[] { ("APP_URL", "AppUrl"), ("Ai:BaseUrl", "Ai:BaseUrl") }
            .FirstOrDefault(s => Uri.TryCreate(configuration[s.Item2], UriKind.Absolute, out var address) && address.IsLoopback).Item1;
        if (local is not null && !environment.IsDevelopment() && !configuration.AllowsLoopback())
            throw new SettingException($"{local} is this machine, which needs Outbound:AllowLoopback.");

        Telemetry.Check(configuration);
        configuration.CheckMail(environment);
        configuration.CheckLimits();
        _ = (configuration.MailLink("Mail:VerifyUrl", ""), configuration.MailLink("Mail:ResetUrl", ""));
    }

    /// <summary>Whether a service outside Development may talk to servers on its own machine.</summary>
    public static bool AllowsLoopback(this IConfiguration configuration) => configuration.GetValue("Outbound:AllowLoopback", false);

    private static void CheckMail(this IConfiguration configuration, IHostEnvironment environment)
    {
        var mail = new MailOptions();
        try
        {
            new ReadMailOptions(configuration).Configure(mail);
        }
        catch (InvalidOperationException)
        {
            throw new SettingException("Smtp:Port and Smtp:TimeoutSeconds must be numbers.");
        }

        var problems = string.Join(" ", MailTransports.Problems(mail, environment.IsDevelopment(), configuration.AllowsLoopback()));
        if (problems.Length > 0)
            throw new SettingException(Names.Aggregate(problems, (text, n) => text.Replace(n.Value, n.Key, StringComparison.Ordinal)));
    }

    /// <summary>
    /// Where a link in a mail leads, up to its token: as set, else the web client at <c>APP_URL</c>, else the service's own page. Never
    /// from a request: whoever sends one could choose its Host. The own page takes the token behind a #, which no log on the way sees.
    /// </summary>
    public static string MailLink(this IConfiguration configuration, string key, string path)
    {
        var link = configuration[key] is { Length: > 0 } set ? set
            : configuration["AppUrl"] is { Length: > 0 } app ? $"{app.TrimEnd('/')}{path}?token="
            : $"{OwnAddress(configuration)}{path}#token=";

        return Origin(link) is not null ? link : throw new SettingException($"{key} must be an address like https://tickets.example.org/verify?token=");
    }

    /// <summary>What a ticket's id follows in the links of mails. Without a web client there is only the API to lead to.</summary>
    public static string TicketUrl(this IConfiguration configuration) =>
        configuration["AppUrl"] is { Length: > 0 } app ? $"{app.TrimEnd('/')}/tickets/" : $"{OwnAddress(configuration)}/api/tickets/";

    private static string OwnAddress(IConfiguration configuration)
    {
        var address = (configuration["urls"] ?? "http://localhost:3000").Split(';')[0].TrimEnd('/');
        return new[] { "*", "+", "0.0.0.0", "[::]" }.Aggregate(address, (url, any) => url.Replace($"://{any}", "://localhost", StringComparison.Ordinal));
    }

    /// <summary>Either form in which a database is named: <c>postgres://user:password@host/name</c> or key=value pairs.</summary>
    public static string ConnectionString(string value, string name = "DATABASE_URL")
    {
        var expected = $"{name} must be postgres://user:password@host:5432/database or Host=…;Username=…;Password=…;Database=…";
        try
        {
            if (!value.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) && !value.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase))
                return new NpgsqlConnectionStringBuilder(value) is { Host.Length: > 0 } pairs ? pairs.ConnectionString : throw new SettingException(expected);

            var uri = new Uri(value);
            var user = uri.UserInfo.Split(':', 2);
            var built = new NpgsqlConnectionStringBuilder
            {
                Host = uri.Host, Port = uri.IsDefaultPort || uri.Port < 0 ? 5432 : uri.Port, Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
                Username = Uri.UnescapeDataString(user[0]), Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            };
            foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)))
                built[pair[0] == "sslmode" ? "SSL Mode" : pair[0]] = Uri.UnescapeDataString(pair.ElementAtOrDefault(1) ?? "").Replace("-", "", StringComparison.Ordinal);

            return built is { Host.Length: > 0, Database.Length: > 0 } ? built.ConnectionString : throw new SettingException(expected);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            throw new SettingException(expected);
        }
    }

    /// <summary>Where to listen; 3000 unless told.</summary>
    public static int Port(string? text) => text is null or "" ? 3000
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65_536 ? port
        : throw new SettingException("PORT must be a number from 1 to 65535.");

    private static string? Origin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https") && uri.Host.Length > 0 ? uri.GetLeftPart(UriPartial.Authority) : null;
}
