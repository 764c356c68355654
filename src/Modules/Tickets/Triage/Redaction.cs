using System.Net;
using System.Text.RegularExpressions;

namespace TicMate.Tickets.Triage;

/// <summary>
/// Takes out of a text what a provider has no need to know: e-mail addresses, phone numbers, card numbers, IBANs, access
/// tokens and keys, IP addresses. Each becomes a word in square brackets that says what stood there. Rather too much than too little.
/// </summary>
public static partial class Redaction
{
    /// <summary>The most a provider is ever sent of one ticket.</summary>
    public const int MostSent = 8_000;

    /// <summary>The text as it may be sent: masked, then cut, so that no half of a secret is left at the end.</summary>
    public static string ForProvider(string text) => Limits.Cut(Mask(Limits.Cut(Words.Readable(Limits.Cut(text, 4 * MostSent)), 2 * MostSent)), MostSent);

    /// <summary>The text with everything personal or secret masked that has a recognisable shape.</summary>
    public static string Mask(string text)
    {
        text = PrivateKey.Replace(text, "[key]");
        text = WebToken.Replace(text, "[token]");
        text = Key.Replace(text, "[key]");
        text = NamedSecret.Replace(text, m => m.Groups["name"].Value + "[key]");
        text = Password.Replace(text, m => m.Groups["is"].Success && !m.Groups["value"].Value.Any(char.IsDigit) ? m.Value : m.Groups["name"].Value + "[key]");
        text = UserInAddress.Replace(text, m => m.Groups["scheme"].Value + "[key]@");
        text = EMail.Replace(text, "[e-mail]");
        text = Iban.Replace(text, MaskIban);
        text = IpV4.Replace(text, "[ip]");
        text = IpV6.Replace(text, MaskIpV6);
        text = Digits.Replace(text, m => IsCard(m.Value) ? "[card]" : m.Value);
        text = NamedPhone.Replace(text, m => m.Groups["name"].Value + "[phone]");
        return Phone.Replace(text, m => IsPhone(m.Groups["number"].Value) ? m.Groups["before"].Value + "[phone]" : m.Value);
    }

    // An IBAN written in groups runs on into the next words, so the length is found by the checksum.
    private static string MaskIban(Match match)
    {
        var candidate = match.Value;
        for (var end = candidate.Length; end >= 15; end--)
        {
            if (!char.IsLetterOrDigit(candidate[end - 1]))
                continue;
            if (end < candidate.Length && char.IsLetterOrDigit(candidate[end]))
                continue;
            var letters = candidate[..end].Where(char.IsLetterOrDigit).ToArray();
            if (letters.Length is >= 15 and <= 34 && Remainder(letters) == 1)
                return "[iban]" + candidate[end..];
        }

        return candidate;
    }

    private static int Remainder(char[] iban)
    {
        var rest = 0;
        foreach (var c in iban[4..].Concat(iban[..4]))
        {
            var value = char.IsAsciiDigit(c) ? c - '0' : char.ToUpperInvariant(c) - 'A' + 10;
            rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
        }

        return rest;
    }

    private static string MaskIpV6(Match match)
    {
        var candidate = match.Value.TrimEnd(':', '.');
        var address = candidate.Count(c => c == ':') >= 2 && candidate.Count(char.IsAsciiHexDigit) >= 3 && IPAddress.TryParse(candidate, out _);
        return address ? "[ip]" + match.Value[candidate.Length..] : match.Value;
    }

    private static bool IsCard(string digits)
    {
        var (sum, twice, count) = (0, false, 0);
        for (var i = digits.Length - 1; i >= 0; i--)
        {
            if (!char.IsAsciiDigit(digits[i]))
                continue;
            var value = (digits[i] - '0') * (twice ? 2 : 1);
            sum += value > 9 ? value - 9 : value;
            (twice, count) = (!twice, count + 1);
        }

        return count is >= 13 and <= 19 && sum % 10 == 0;
    }

    private static bool IsPhone(string number) => number.Count(char.IsAsciiDigit) is >= 8 and <= 15 && !Date.IsMatch(number);

    [GeneratedRegex(@"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)", RegexOptions.NonBacktracking | RegexOptions.Singleline)]
    private static partial Regex PrivateKey { get; }

    [GeneratedRegex(@"eyJ[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]{5,}(?:\.[A-Za-z0-9_\-]*)?", RegexOptions.NonBacktracking)]
    private static partial Regex WebToken { get; }

    [GeneratedRegex(@"\b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ABIA|ACCA)[A-Z0-9]{16}\b|AIza[A-Za-z0-9_\-]{30,}|ya29\.[A-Za-z0-9_\-]{10,}|GOCSPX-[A-Za-z0-9_\-]{10,}|\bsk-[A-Za-z0-9_\-]{20,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bxox[abprs]-[A-Za-z0-9\-]{10,}|\bgl(?:pat|ptt|rt|dt)-[A-Za-z0-9_\-]{15,}|\b[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bnpm_[A-Za-z0-9]{10,}|\bhf_[A-Za-z0-9]{20,}|\bdop_v1_[a-f0-9]{20,}|\bSG\.[A-Za-z0-9_\-]{15,}",
        RegexOptions.NonBacktracking)]
    private static partial Regex Key { get; }

    [GeneratedRegex(@"(?<name>\b(?:secret|aws_secret_access_key|api[_\- ]?key|access[_\- ]?key|bearer)\b[^A-Za-z0-9\n]{1,5})[A-Za-z0-9/+=_\-.]{16,}", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex NamedSecret { get; }

    // What follows such a name after a colon or an equals sign is one, whatever it looks like; "the password is wrong" is not.
    [GeneratedRegex(@"(?<name>\b(?:password|passwd|passwort|kennwort|pass ?phrase|pwd|pw|pin|secret|token|otp|api[_\- ]?key|client[_\- ]?secret)\b[ \t]*(?:[:=]|(?<is>\bis\b))[ \t]*[""']?)(?<value>[^\s""'<>\[\]]{3,})", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Password { get; }

    [GeneratedRegex(@"(?<scheme>\b[A-Za-z][A-Za-z0-9+.\-]*://)[^\s/@]+@", RegexOptions.NonBacktracking)]
    private static partial Regex UserInAddress { get; }

    [GeneratedRegex(@"[\p{L}\p{N}._%+'\-]+@(?:[\p{L}\p{N}\-]+\.)+\p{L}{2,}", RegexOptions.NonBacktracking)]
    private static partial Regex EMail { get; }

    [GeneratedRegex(@"\b[A-Za-z]{2}\d{2}(?:[ \-]?[A-Za-z0-9]){11,38}", RegexOptions.NonBacktracking)]
    private static partial Regex Iban { get; }

    [GeneratedRegex(@"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b", RegexOptions.NonBacktracking)]
    private static partial Regex IpV4 { get; }

    [GeneratedRegex(@"[0-9A-Fa-f:][0-9A-Fa-f:.]{2,44}", RegexOptions.NonBacktracking)]
    private static partial Regex IpV6 { get; }

    [GeneratedRegex(@"\b\d(?:[ \-.]?\d){12,18}\b", RegexOptions.NonBacktracking)]
    private static partial Regex Digits { get; }

    [GeneratedRegex(@"(?<name>\b(?:tel|telephone|phone|fon|mobile|cell|fax|call me at|call me on|call)\b[^\d+\n]{0,12})\+?\(?\d(?:[ ().\-/]{0,2}\d){5,14}", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex NamedPhone { get; }

    [GeneratedRegex(@"(?<before>^|[^\p{L}\p{N}+\-_.#])(?<number>(?:\+|\(\+?|0)\d?(?:[ ().\-/]{0,2}\d){6,14}|\(?\d{3}\)?[ .\-]\d{3}[ .\-]\d{4}\b)", RegexOptions.NonBacktracking)]
    private static partial Regex Phone { get; }

    [GeneratedRegex(@"^\d{1,2}[./\-]\d{1,2}[./\-]\d{4}", RegexOptions.NonBacktracking)]
    private static partial Regex Date { get; }
}
