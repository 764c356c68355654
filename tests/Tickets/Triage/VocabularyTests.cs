using TicMate.Tickets.Triage;

namespace TicMate.Tests.Tickets.Triage;

public sealed class VocabularyTests
{
    private static readonly Vocabulary Reviewed = Vocabulary.Reviewed;

    [Fact]
    public void It_knows_the_usual_skills_and_three_priorities()
    {
        Reviewed.Skills.Count.ShouldBeGreaterThanOrEqualTo(35);
        Reviewed.Priorities.Keys.Order().ShouldBe(["high", "low", "urgent"]);
    }

    [Fact]
    public void No_two_skills_share_their_own_name() =>
        Reviewed.Skills.Select(s => Words.Fold(s.Name)).ShouldBeUnique();

    [Fact]
    public void Every_skill_fits_the_limits_and_finds_its_own_words()
    {
        Reviewed.Skills.ShouldAllBe(s => s.Name.Length <= 50 && s.Words.Count > 0 && s.FirstSteps.All(f => f.Length <= 200));
        Reviewed.Skills.ShouldAllBe(s => BuiltInTriage.Advise(new("x", s.Name), new(new[] { s.Name }, null)).Skills.Single() == s.Name);
    }

    [Fact]
    public void No_word_that_asks_for_a_priority_sets_one() =>
        Reviewed.InstructionWords.ShouldAllBe(w => BuiltInTriage.Advise(new(w, w), new(Array.Empty<string>(), null)).Priority == "medium");

    [Theory]
    [InlineData("production ... down", "production is down", true)]
    [InlineData("production ... down", "production, and the cellar is down", false)]
    [InlineData("production ... down", "production web server went down", true)]
    [InlineData("production ... down", "production a b c d down", false)]
    [InlineData("deploy*", "deployments", true)]
    [InlineData("deploy", "deployments", false)]
    [InlineData("e-mail*", "e mails", true)]
    [InlineData("log in", "the log. In it", false)]
    public void A_phrase_stays_in_one_clause_and_spans_at_most_three_words(string pattern, string text, bool found) =>
        Phrase.Pattern(pattern).In([.. Words.Of(text)]).Any().ShouldBe(found);
}
