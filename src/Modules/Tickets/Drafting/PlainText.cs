using System.Text.RegularExpressions;
using TicMate.Tickets.Triage;

namespace TicMate.Tickets.Drafting;

/// <summary>Makes what a model wrote a plain text that may be sent to people: no tags, no images, no addresses that the material did not name.</summary>
public static partial class PlainText
{
    private const int Passes = 4;

    /// <param name="material">The texts whose addresses may be repeated.</param>
    public static string Clean(string text, string material)
    {
        var clean = Words.Readable(text);
        for (var (pass, before) = (0, ""); pass < Passes && before != clean; pass++)
            (before, clean) = (clean, Tag.Replace(clean, ""));

        // What still looks like a tag was nested on purpose.
        if (Tag.IsMatch(clean))
            clean = clean.Replace("<", "", StringComparison.Ordinal);

        var hosts = Notes.HostsIn(material);
        clean = MarkdownLink.Replace(clean, "$1 $2");
        clean = Address.Replace(clean, found => IsNamed(found.Value, hosts) ? found.Value : "[link removed]");
        return clean.Trim();
    }

    private static bool IsNamed(string address, IReadOnlySet<string> hosts) =>
        Uri.TryCreate(address.StartsWith("www.", StringComparison.OrdinalIgnoreCase) ? $"http://{address}" : address, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) && uri.UserInfo.Length == 0 && hosts.Contains(uri.Host.ToLowerInvariant());

    [GeneratedRegex(@"<[/!?a-zA-Z][^>]*>?", RegexOptions.NonBacktracking)]
    private static partial Regex Tag { get; }

    [GeneratedRegex(@"!?\[([^\]\n]*)\]\(\s*([^)\s]*)[^)\n]*\)", RegexOptions.NonBacktracking)]
    private static partial Regex MarkdownLink { get; }

    [GeneratedRegex(@"[a-z][a-z0-9+.\-]*://\S+|\bwww\.\S+|\b(?:javascript|data|vbscript|file|mailto):\S+", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Address { get; }
}
