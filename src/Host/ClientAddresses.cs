using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace TicMate.Host;

/// <summary>Whom to believe about where a request comes from: the socket, or a proxy that the setting <c>KnownProxies</c> lists, for one hop.</summary>
public static class ClientAddresses
{
    public static IServiceCollection AddClientAddresses(this IServiceCollection services, ConfigurationManager configuration)
    {
        // The framework's own switch would believe anybody.
        configuration["ForwardedHeaders_Enabled"] = "false";

        return services.Configure<ForwardedHeadersOptions>(options =>
        {
            options.KnownIPNetworks.Clear();
            options.KnownProxies.Clear();
            foreach (var network in configuration.KnownProxies())
                options.KnownIPNetworks.Add(network);

            // With an empty list the middleware would believe anybody, too.
            options.ForwardedHeaders = options.KnownIPNetworks.Count == 0 ? ForwardedHeaders.None : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            options.ForwardLimit = 1;
        });
    }

    /// <summary>The proxies in front of us: addresses, or networks like 10.0.0.0/8, separated by commas.</summary>
    public static IPNetwork[] KnownProxies(this IConfiguration configuration) =>
        [.. (configuration["KnownProxies"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Network)];

    private static IPNetwork Network(string text) =>
        IPNetwork.TryParse(text, out var network) && network.PrefixLength > 0 ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : throw new SettingException("KNOWN_PROXIES must be addresses like 10.0.0.7 or networks like 10.0.0.0/8, separated by commas.");
}
