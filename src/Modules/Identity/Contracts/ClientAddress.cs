using System.Net;
using System.Net.Sockets;

namespace TicMate.Identity.Contracts;

/// <summary>Where a request comes from: the peer, or whom a configured proxy names in front of it (the host sees to that).</summary>
public static class ClientAddress
{
    /// <summary>The address, IPv4 in its plain form; null for a call that came through no connection.</summary>
    public static IPAddress? Of(HttpContext http) =>
        http.Connection.RemoteIpAddress is { } address && address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : http.Connection.RemoteIpAddress;

    /// <summary>What limits count by: an IPv4 address, or the /64 that one IPv6 customer has to himself.</summary>
    public static string GroupOf(HttpContext http)
    {
        if (Of(http) is not { } address)
            return "no connection";

        if (address.AddressFamily is not AddressFamily.InterNetworkV6)
            return address.ToString();

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return $"{new IPAddress(bytes)}/64";
    }
}
