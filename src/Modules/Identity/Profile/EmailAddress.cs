using TicMate.Identity.Contracts;

namespace TicMate.Identity.Profile;

/// <summary>The addresses that an account may have: plain ASCII, a dot-atom of RFC 5322 at a DNS name. Mail libraries take far more.</summary>
public static class EmailAddress
{
    public static Faults Email(this Faults faults, string field, Field<string> given, bool required = true)
    {
        if (required)
            faults.Line(field, given, 254);
        else
            faults.OptionalLine(field, given, 254);

        return faults.When(given.Value is { Length: > 0 } email && !IsValid(email), field, "Email must be an address like ada@example.org.");
    }

    /// <summary>An address to look for. One that no account can have is looked for like any other, so that it is answered alike.</summary>
    public static Faults SomeAddress(this Faults faults, Field<string> given) => faults
        .When(string.IsNullOrEmpty(given.Value), "email", given.IsMalformed ? "Email must be a text." : "Email is required.")
        .When(given.Value?.Length > 254, "email", "Email must have at most 254 characters.");

    public static bool IsValid(string email)
    {
        var at = email.IndexOf('@', StringComparison.Ordinal);
        return at is > 0 and <= 64 && email.Length <= 254 && IsLocal(email.AsSpan(0, at)) && IsHost(email.AsSpan(at + 1));
    }

    private static bool IsLocal(ReadOnlySpan<char> local)
    {
        foreach (var c in local)
            if (!char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-/=?^_`{|}~.".Contains(c, StringComparison.Ordinal))
                return false;

        return local is not ['.', ..] and not [.., '.'] && !local.Contains("..", StringComparison.Ordinal);
    }

    private static bool IsHost(ReadOnlySpan<char> host)
    {
        var labels = 0;
        foreach (var range in host.Split('.'))
        {
            var label = host[range];
            if (label.Length is 0 or > 63 || label[0] == '-' || label[^1] == '-')
                return false;

            foreach (var c in label)
                if (!char.IsAsciiLetterOrDigit(c) && c != '-')
                    return false;

            labels++;
        }

        return labels >= 2 && !char.IsAsciiDigit(host[^1]);
    }
}
