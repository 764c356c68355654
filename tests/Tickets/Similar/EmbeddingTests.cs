using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TicMate.Tests.Fakes;
using TicMate.Tickets.Similar;
using TicMate.Tickets.Triage;
using TicMate.Tickets.Triage.Costs;

namespace TicMate.Tests.Tickets.Similar;

/// <summary>What is known of embeddings without a database.</summary>
public sealed class EmbeddingTests
{
    private static readonly TellingWords Telling = new(["printer"], [1.0], "'printer'");

    private static readonly Likeness Like = new("The printer is on fire", "It burns.", null, null);

    private static AiOptions Ai(string model, string? key = null, string address = "https://models.example.org/v1/") => new() { EmbeddingModel = model, ApiKey = key, BaseUrl = new(address) };

    [Fact]
    public void They_are_off_until_a_model_is_named_that_can_be_asked()
    {
        Ai("", "a-key").Embeds.ShouldBeFalse();
        Ai("m").Embeds.ShouldBeFalse();
        Ai("m", "a-key").Embeds.ShouldBeTrue();
        Ai("m", null, "http://127.0.0.1:11434/v1/").Embeds.ShouldBeTrue();
        Ai("m", null, "http://127.0.0.1:11434/v1/").IsOn.ShouldBeFalse();
    }

    [Fact]
    public void Without_a_meaning_the_statement_knows_of_no_vectors()
    {
        var sql = SimilarSql.Solved("s", "public", null, Like, Telling, 5);

        sql.Text.ShouldNotContain(Vectors.Table);
        sql.Text.ShouldNotContain("<=>");
        sql.Parameters.ShouldNotContain(p => p.Value is float[]);
    }

    [Fact]
    public void With_a_meaning_one_statement_looks_for_both()
    {
        var sql = SimilarSql.Solved("s", "public", new Meaning("ext", "m", [1, 2]), Like, Telling, 5);

        sql.Text.ShouldContain("operator(ext.<=>)");
        sql.Text.ShouldContain("x.words @@");
        sql.Text.ShouldNotContain(";");
        sql.Parameters.ShouldContain(p => p.Value is float[]);
        SimilarSql.Solved("s", null, new Meaning("ext", "m", [1, 2]), Like with { Owner = Guid.NewGuid() }, Telling, 5).Text.ShouldContain($"o join s.{Vectors.Table}");
    }

    [Fact]
    public void The_text_of_the_statement_does_not_depend_on_what_is_looked_for() =>
        SimilarSql.Solved("s", null, new Meaning("ext", "m", [3, 4]), new("x", "y", null, null), Telling, 7).Text.ShouldBe(SimilarSql.Solved("s", null, new Meaning("ext", "n", [1, 2]), Like, Telling, 5).Text);

    [Theory]
    [InlineData(2, 3, "2 vectors for 1")]
    [InlineData(1, 4, "4 numbers")]
    [InlineData(0, 3, "0 vectors")]
    public void An_answer_of_another_size_is_refused(int count, int length, string why) =>
        Should.Throw<InvalidAnswerException>(() => TextEmbedder.Read(Enumerable.Repeat(new Embedding<float>(Enumerable.Repeat(1f, length).ToArray()), count), 1, 3)).Message.ShouldContain(why);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(float.NaN, 1)]
    [InlineData(float.PositiveInfinity, 1)]
    public void A_vector_that_points_nowhere_is_refused(float one, float two) =>
        Should.Throw<InvalidAnswerException>(() => TextEmbedder.Read([new Embedding<float>(new[] { one, two })], 1, 2));

    [Fact]
    public void What_is_sent_is_masked_and_cut()
    {
        var sent = TextEmbedder.Sent("Mail ada@example.org", new string('x', 9_000));

        sent.ShouldContain("[e-mail]");
        sent.ShouldNotContain("ada");
        sent.Length.ShouldBeLessThanOrEqualTo(4_000);
    }

    [Fact]
    public async Task Each_call_is_in_the_book_and_none_is_made_beyond_the_budget()
    {
        await using var model = await FakeModel.StartAsync();
        model.Meaning = _ => [1, 0];
        var book = new CallBook();
        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Ai:BaseUrl"] = model.BaseUrl.ToString(), ["Ai:ApiKey"] = "a-key", ["Ai:EmbeddingModel"] = "vectors-test", ["Ai:EmbeddingDimensions"] = "2",
            }).Build())
            .AddLogging().AddSingleton(TimeProvider.System).AddSingleton<IModelLedger>(book).AddModelClient().AddSingleton<TextEmbedder>().BuildServiceProvider();
        var embedder = services.GetRequiredService<TextEmbedder>();

        (await embedder.EmbedAsync(["one", "two"], null, 1, TestContext.Current.CancellationToken)).ShouldBe([[1, 0], [1, 0]]);
        book.HasMoney = false;
        (await Should.ThrowAsync<ModelUnavailableException>(() => embedder.EmbedAsync(["three"], null, 1, TestContext.Current.CancellationToken))).Reason.ShouldBe("budget");

        var asked = model.Requests.ShouldHaveSingleItem();
        (asked.Path, asked.Authorization, (string?)asked.Json["model"], (int?)asked.Json["dimensions"]).ShouldBe(("/v1beta/openai/embeddings", "Bearer a-key", "vectors-test", 2));
        var call = book.Calls.ShouldHaveSingleItem();
        (call.Feature, call.Model, call.InputTokens, call.Outcome).ShouldBe(("embedding", "vectors-test", 20, "answered"));
    }
}
