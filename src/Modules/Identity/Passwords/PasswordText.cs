using System.Text;

namespace TicMate.Identity.Passwords;

public static class PasswordText
{
    /// <summary>
    /// The same password typed on another keyboard is the same password: NFKC (NIST SP 800-63B, 3.1.1.2). Null when the text is not
    /// sound Unicode, which no keyboard types.
    /// </summary>
    public static string? Normal(string text)
    {
        try
        {
            return text.Normalize(NormalizationForm.FormKC);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
