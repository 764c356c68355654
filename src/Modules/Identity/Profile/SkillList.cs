namespace TicMate.Identity.Profile;

/// <summary>Skills are free text, compared without case: one spelling each, in the order given.</summary>
public static class SkillList
{
    public static string[] Tidy(string[]? skills) =>
        [.. (skills ?? []).Select(s => s.Trim()).Where(s => s.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase)];
}
