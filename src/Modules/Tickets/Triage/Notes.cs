using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace TicMate.Tickets.Triage;

/// <summary>
/// Makes Markdown notes harmless, whoever wrote them and wherever they end up: read as Markdown, or put into a page as HTML by
/// an old client. What comes out holds no tag, no image, and no link except to an http(s) host that the ticket itself named.
/// Notes that were cleaned may be edited and cleaned again: entities do not pile up.
/// </summary>
public static partial class Notes
{
    // Tags inside tags need more than one pass; what is left after these is encoded.
    private const int Passes = 4;
    private const int MostRead = 16_000;
    private const string Fence = "```";

    private static readonly string[] OwnEntities =
        ["&amp;", "&lt;", "&gt;", "&#33;", "&#91;", "&#93;", "&#92;", "&#96;", "&#123;", "&#125;", "&#126;"];

    /// <param name="markdown">What a model, a rule or a person wrote.</param>
    /// <param name="ticketText">The text whose hosts may be linked to.</param>
    public static string Clean(string markdown, string ticketText)
    {
        var hosts = HostsIn(ticketText);
        var clean = new CleanText(Limits.Notes);
        var inFence = false;
        foreach (var line in WithoutTags(Visible(Limits.Cut(markdown, MostRead))).Split('\n'))
        {
            if (FenceLine.IsMatch(line))
                inFence = clean.Fence(!inFence, line.TrimEnd()) ? !inFence : inFence;
            else if (inFence)
                clean.Code(line, hosts);
            else
                Line(line, hosts, clean);
            if (!clean.Atom("\n"))
                break;
        }

        return clean.Finish(inFence);
    }

    /// <summary>The hosts a text names, in lower case: in an address, or bare.</summary>
    public static IReadOnlySet<string> HostsIn(string text) =>
        Address.Matches(Visible(Limits.Cut(text, 4 * MostRead))).Select(m => HostOf(m.Value)).OfType<string>().ToHashSet();

    private static void Line(string line, IReadOnlySet<string> hosts, CleanText clean)
    {
        line = WithoutForeignLinks(line, hosts);
        var at = 0;
        foreach (Match token in Token.Matches(line))
        {
            clean.Plain(line[at..token.Index]);
            at = token.Index + token.Length;
            if (token.Value[0] == '`')
                clean.CodeSpan(token.Value[1..^1], hosts);
            else if (token.Groups["label"].Success)
                clean.Link(CleanText.Encoded(token.Groups["label"].Value), TargetOf(token));
            else
                Bare(token.Value, hosts, clean);
        }

        clean.Plain(line[at..]);
    }

    /// <summary>
    /// Links to other hosts as their text. This happens before anything else is looked for, because what stood on both sides
    /// of a link may be an address once the link is gone.
    /// </summary>
    private static string WithoutForeignLinks(string line, IReadOnlySet<string> hosts)
    {
        for (var pass = 0; pass < Passes; pass++)
        {
            var next = Token.Replace(line, token =>
                !token.Groups["label"].Success || IsSafe(TargetOf(token), hosts) ? token.Value
                : SafeAddress.IsMatch(TargetOf(token)) ? $"{token.Groups["label"].Value} ({TargetOf(token)})" : token.Groups["label"].Value);
            if (next == line)
                return line;
            line = next;
        }

        return line.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);
    }

    private static string TargetOf(Match link) => link.Groups["target"].Value.Trim().Split((char[]?)null, 2)[0];

    private static bool IsSafe(string target, IReadOnlySet<string> hosts) => SafeAddress.IsMatch(target) && Named(target, hosts);

    private static void Bare(string written, IReadOnlySet<string> hosts, CleanText clean)
    {
        written = written.Replace("&amp;", "&", StringComparison.Ordinal);
        var address = written.TrimEnd('.', ',', ';', ':', '!', '?', '*', '_', '~', '&');
        if (Named(address, hosts))
            clean.Address(address);
        else
            clean.CodeSpan(address, hosts);
        clean.Plain(written[address.Length..]);
    }

    /// <summary>Addresses of other hosts lose their scheme, so that nothing makes them clickable again.</summary>
    private static string Defanged(string code, IReadOnlySet<string> hosts)
    {
        // What is left of one address may look like another; who nests them deeper than this loses the colons.
        for (var pass = 0; pass < Passes; pass++)
        {
            var next = WithScheme.Replace(code, m => Named(m.Value, hosts) ? m.Value : Scheme.Replace(m.Value, ""));
            if (next == code)
                return code;
            code = next;
        }

        return code.Replace(":", "", StringComparison.Ordinal);
    }

    private static bool Named(string address, IReadOnlySet<string> hosts) =>
        // An address within an address may be the one that a reader's Markdown turns into a link.
        Scheme.Count(address) == (SafeAddress.IsMatch(address) ? 1 : 0)
        && (SafeAddress.IsMatch(address) || SafeAddress.IsMatch("http://" + address)) && HostOf(address) is { } host && hosts.Contains(host);

    private static string? HostOf(string address)
    {
        var candidate = address.Contains('@', StringComparison.Ordinal) && !address.Contains('/', StringComparison.Ordinal)
            ? address[(address.LastIndexOf('@') + 1)..] : address;
        if (!candidate.Contains("://", StringComparison.Ordinal))
            candidate = "http://" + candidate;
        try
        {
            return Uri.TryCreate(candidate.TrimEnd('.'), UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && uri.Host.Length > 0
                ? uri.IdnHost.ToLowerInvariant() : null;
        }
        catch (UriFormatException)
        {
            // TryCreate lets hosts pass that IdnHost refuses.
            return null;
        }
    }

    /// <summary>Without characters one cannot see: controls, text direction marks, zero-width blanks.</summary>
    private static string Visible(string text)
    {
        var visible = new StringBuilder(text.Length);
        foreach (var c in text.ReplaceLineEndings("\n"))
        {
            if (c is '\n' or '\t' || !(char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format
                    or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
                visible.Append(c);
        }

        return visible.ToString();
    }

    private static string WithoutTags(string text)
    {
        text = AutoLink.Replace(text, m => $" {m.Groups["address"].Value} ");
        for (var pass = 0; pass < Passes; pass++)
            text = Script.Replace(Tag.Replace(StyleBlock.Replace(ScriptBlock.Replace(text, ""), ""), ""), m => m.Groups["rest"].Value);
        return text;
    }

    /// <summary>Builds the clean text piece by piece and stops, with an ellipsis, before it grows too long.</summary>
    private sealed class CleanText(int most)
    {
        private readonly StringBuilder _text = new();
        // Room for the ellipsis, the end of an open fence, and one encoded exclamation mark.
        private readonly int _room = most - 10;
        private bool _full;

        public bool Atom(string piece)
        {
            if (_full || _text.Length + piece.Length > _room)
                return !(_full = true);
            _text.Append(piece);
            return true;
        }

        public void Plain(string text)
        {
            for (var i = 0; i < text.Length && !_full;)
            {
                var (piece, taken) = Next(text, i);
                Atom(piece);
                i += taken;
            }
        }

        public void CodeSpan(string code, IReadOnlySet<string> hosts)
        {
            var inside = EncodedCode(Defanged(code, hosts)).Trim();
            // Not nothing: what stood on both sides must not become one word.
            Atom(inside.Length > 0 ? $"`{inside}`" : " ");
        }

        public void Code(string line, IReadOnlySet<string> hosts) => Atom(EncodedCode(Defanged(line, hosts)));

        public bool Fence(bool opens, string line) => Atom(opens ? line : Notes.Fence);

        public void Link(string label, string address)
        {
            // An exclamation mark before a link would make it an image.
            if (_text.Length > 0 && _text[^1] == '!')
                _text.Remove(_text.Length - 1, 1).Append("&#33;");
            Atom($"[{label}]({EncodedAddress(address)})");
        }

        public void Address(string address) => Atom(EncodedAddress(address));

        private static string EncodedAddress(string address) =>
            address.Replace("&amp;", "&", StringComparison.Ordinal).Replace("&", "&amp;", StringComparison.Ordinal);

        public string Finish(bool inFence)
        {
            if (_full)
                _text.Append('…');
            var text = _text.ToString().Trim();
            return inFence ? $"{text}\n{Notes.Fence}" : text;
        }

        public static string Encoded(string text)
        {
            var encoded = new StringBuilder();
            for (var i = 0; i < text.Length;)
            {
                var (piece, taken) = Next(text, i);
                encoded.Append(piece);
                i += taken;
            }

            return encoded.ToString();
        }

        private static (string Piece, int Taken) Next(string text, int i) => text[i] switch
        {
            '&' when OwnEntities.FirstOrDefault(e => string.CompareOrdinal(text, i, e, 0, e.Length) == 0) is { } own => (own, own.Length),
            '&' => ("&amp;", 1),
            '<' => ("&lt;", 1),
            // At the start of a line ">" quotes; encoded, it is still what the reader sees.
            '>' => ("&gt;", 1),
            '[' => ("&#91;", 1),
            ']' => ("&#93;", 1),
            '\\' => ("&#92;", 1),
            '`' => ("'", 1),
            '{' => ("&#123;", 1),
            '}' => ("&#125;", 1),
            // Three tildes would open a fence that this text does not know of.
            '~' => ("&#126;", 1),
            var high when char.IsHighSurrogate(high) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) => (text.Substring(i, 2), 2),
            var half when char.IsSurrogate(half) => ("\uFFFD", 1),
            var c => (c.ToString(), 1),
        };

        // Where a reader's Markdown disagrees with ours about what is code, still no link can form.
        private static string EncodedCode(string code)
        {
            var encoded = new StringBuilder();
            for (var i = 0; i < code.Length;)
            {
                var (piece, taken) = code[i] is '[' or ']' or '\\' or '{' or '}' or '~' ? (code[i].ToString(), 1) : Next(code, i);
                encoded.Append(piece);
                i += taken;
                if (piece == "]" && i < code.Length && code[i] is '(' or ':' or '[')
                    encoded.Append(' ');
            }

            return encoded.ToString();
        }
    }
}
