using System.Text;
using System.Text.RegularExpressions;

namespace TicMate.Tickets.Triage;

/// <summary>
/// Whether a text gives orders to a language model. It errs towards suspicion: all that follows is that a person looks at what the model
/// proposes before it is applied. A plain wish ("please set the priority to urgent") is none; it does not count for anything either.
/// </summary>
public static partial class Injection
{
    private const int MostRead = 20_000;

    private const RegexOptions Plain = RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.ExplicitCapture;

    private const string LookAlikes = "аеорсхуіѕјԁԛԝһӏαορνικτυϲ", Latin = "aeopcxyisjdqwhlaopviktuc";

    private static readonly Regex[] Orders = [Forget, BeSomebodyElse, SystemPrompt, AnswerLikeThis, ToTheModel, Marker, FakeAnswer, Override, German, Romance, OtherLatin, OtherScripts];

    public static bool IsSuspected(TicketText ticket) => IsSuspected($"{ticket.Title}\n{ticket.Description}");

    public static bool IsSuspected(string text)
    {
        // Full-width and styled letters become plain ones, and what one cannot see is gone.
        var readable = Words.Readable(Limits.Cut(text, MostRead));
        return Gives(readable) || Gives(WithLatinLetters(readable)) || Gives(Spaced.Replace(readable, m => m.Value.Replace(" ", "", StringComparison.Ordinal)));
    }

    private static bool Gives(string text) => Orders.Any(o => o.IsMatch(text));

    private static string WithLatinLetters(string text)
    {
        var latin = new StringBuilder(text.Length);
        foreach (var c in text)
            latin.Append(LookAlikes.IndexOf(char.ToLowerInvariant(c), StringComparison.Ordinal) is >= 0 and var i ? Latin[i] : c);
        return latin.ToString();
    }

    // "i g n o r e": the words run together, which the patterns allow for.
    [GeneratedRegex(@"\b(\p{L} ){4,}\p{L}\b", Plain)]
    private static partial Regex Spaced { get; }

    [GeneratedRegex("""
        \b(ignore|disregard|forget|(do not|don't|stop|no longer) (follow|obey)(ing)?|instead of)\b[^.\n]{0,50}\b(instructions?|prompts?|guidelines|directives?|programming|your (rules|orders|task|training))\b|\b(ignore|disregard|forget) (everything|anything|all|what|the)[^.\n]{0,20}\b(above|before this|so far|you were told|you know)\b|\bignore(all|the|your)?(previous|prior|above)?instructions?
        """, Plain)]
    private static partial Regex Forget { get; }

    [GeneratedRegex("""
        \byou are (now )?(an? |the |my )?(unrestricted|uncensored|evil |dan\b|chatgpt|gpt|gemini|ai\b|llm|language model|(helpful |obedient )?assistant|triage (bot|agent|system|model))|\byou are now (in|an?|my|free|acting|operating)\b|\byou are no longer (bound|restricted|limited|an?)\b|\bpretend (to be|you are|that you)\b|\brole-?play\b|\bact as (an? )?(unrestricted|evil|admin|ai|assistant|dan|root|jailbroken)\b|\bdo anything now\b|\bfrom now on,? (you|always|respond|answer|every ticket)\b|\bas an ai\b
        """, Plain)]
    private static partial Regex BeSomebodyElse { get; }

    [GeneratedRegex("""
        \bsystem[ -]?prompt|\b(initial|hidden|original|secret) (prompt|instructions)\b|\b(reveal|print|repeat|output|leak|disclose|show me)\b[^.\n]{0,30}\b(your|system|initial|hidden|all) (system )?(prompt|instructions|rules)\b|\bprompt injection\b|\bnew (system )?(instructions?|prompt|directives?|task|rules?) ?:|\byour (new|real|only|true|actual) (task|instructions?|job|role|goal|purpose)\b
        """, Plain)]
    private static partial Regex SystemPrompt { get; }

    [GeneratedRegex("""
        \b(respond|reply|answer|output|return|say|print|write) (to this )?(only|exactly|strictly|solely|nothing but|just|always)[: ]+(with|in|as|this|the|json|yes|"|'|\{)|\b(respond|reply|answer|output|return)( with| in)?[^.\n]{0,30}(\bjson\b|\{ ?")|\byour (answer|response|output|reply) (must|should|shall|has to|will)\b|\bwith(out)? (any )?(confidence (1|100|0\.9)|quoting the ticket)|\b(set|use|give|report)[^.\n]{0,15}\bconfidence\b[^.\n]{0,10}(1|100|max|full|high)
        """, Plain)]
    private static partial Regex AnswerLikeThis { get; }

    [GeneratedRegex("""
        \b(note|notice|message|instructions?|attention|dear|hey|hello|hi|to|for) (to |for )?(the |our |all |any )?(ai|llm|language models?|triage (bot|agent|system|model|assistant)|ai (agent|model|assistant|system|bot)|chat ?bot|gpt|gemini|chatgpt|automated (agent|assistant|system))\b|\b(ai|llm|language model|triage (bot|agent|model))s?( (agent|assistant|model|system|bot)s?)?( reading this)?[,:]? (must|should|shall|please|you|do|set|assign|mark)\b|\bif you are an? (ai|llm|language model|model|bot|assistant)\b|\byou (must|should|shall|will|have to|are required to|are instructed to) (now |always )?(set|mark|classify|assign|treat|rate|answer|respond|output|label|categori[sz]e|give|return)\b[^.\n]{0,60}\b(priority|urgent|critical|category|skills?|admin|json|confidence|notes?)\b
        """, Plain)]
    private static partial Regex ToTheModel { get; }

    [GeneratedRegex("""
        <\|?/?(im_start|im_end|endoftext|eot_id|start_header_id|end_header_id|begin_of_text)\|?>|\[/?inst\]|<</?sys>>|^\W{0,6}(assistant|developer)( message)? ?:|^\W{0,6}(system|user|human)( message)?\W{0,4}: ?(you|ignore|set|respond|override|assign|always|priority|mark|from now|update|treat|answer|new)\b|#{2,} ?(system|instructions?|assistant|response|human)\b|</?(system|instructions?|prompt|assistant|ticket|user_input|admin)( [^>\n]{0,40})?>|\b(begin (of )?|start of |end of )(the )?(ticket|user (input|message|data)|system (message|prompt)|prompt|instructions|untrusted)\b|["'](role)["'] ?: ?["'](system|assistant|developer|user|tool)|\b(tool|function)_calls?\b
        """, Plain)]
    private static partial Regex Marker { get; }

    [GeneratedRegex("""
        ["'`“](priority|skills|confidence|assignee|assigned_?to|quotes|injection_?suspected|related_?skills|helpful_?notes)["'`”] ?[:=]
        """, Plain)]
    private static partial Regex FakeAnswer { get; }

    [GeneratedRegex("""
        \b(admin(istrator)?|system|root|security|developer|emergency|policy|authori[sz]ed) override\b|\bthis is an? (admin(istrator)?|system|developer|authori[sz]ed|official) (command|instruction|directive|order)\b|\b(re)?assign(ed)?( this| it| the| every)?( ticket| issue| case| task| request| ticket directly)? (directly )?to (the |an )?(admin(istrator)?|root|superuser)\b|\bassigntoadmin|\b(promote|elevate|escalate)[^.\n]{0,20}\bto (an? )?(admin(istrator)?|root|superuser)\b[^.\n]{0,20}\b(now|immediately|role)\b|\b(include|insert|put|add|write|embed)\b[^\n]{0,60}\b(in|into|to) (the |your )?(helpful ?)?(notes|summary|proposal)\b
        """, Plain)]
    private static partial Regex Override { get; }

    [GeneratedRegex("""
        \b(ignorier\w*|missacht\w*|vergiss|vergessen sie|verwirf)\b[^.\n]{0,60}(anweisung|vorgabe|instruktion|prompt|befehl|obige|regeln)|\b(anweisung\w*|vorgaben?|instruktion\w*|befehle?|regeln)\b[^.\n]{0,30}\b(vergessen|ignorieren|missachten|verwerfen|außer acht)|\b(du bist|sie sind) (jetzt|nun|ab sofort|ab jetzt) (ein|der|die|kein|im)|\b(antworte|antworten sie) (nur|ausschließlich|ausschliesslich|lediglich)|\bneue anweisung(en)? ?:|\bweise?[^.\n]{0,40}(admin|administrator) zu\b|\bals ki\b|\b(an|hinweis für) (die )?(ki|sprachmodell)\b
        """, Plain)]
    private static partial Regex German { get; }

    [GeneratedRegex("""
        \b(ignor\w*|oubli\w*|ne (tiens|tenez) pas compte|olvid\w*|descart\w*|omit[ae]|dimentic\w*|tralasci\w*|esqueça|esquece|desconsider\w*)\b[^.\n]{0,50}\b(consignes?|règles|directives|instrucciones|indicaciones|reglas|órdenes|istruzioni|regole|instruções|instrucoes|regras|ordens|instructions)\b|\b(tu es|vous êtes) (maintenant|désormais)\b|\b(ahora eres|eres ahora|ora sei|sei ora|adesso sei|agora (você|voce|tu) (é|e|és))\b|\b(réponds?|répondez|responde|responda|rispondi) (uniquement|seulement|solo|sólo|únicamente|soltanto|esclusivamente|apenas|somente)\b|\b(nouvelles instructions|nuevas instrucciones|nuove istruzioni|novas instruções) ?:
        """, Plain)]
    private static partial Regex Romance { get; }

    [GeneratedRegex("""
        \b(negeer|vergeet)\b[^.\n]{0,50}(instructies|opdrachten|regels)|\bje bent (nu|voortaan) een\b|\bantwoord (alleen|uitsluitend)\b|(zignoruj|ignoruj|zapomnij)[^.\n]{0,50}(instrukcj|polece|zasad)|\bjesteś teraz\b|(önceki|yukarıdaki|tüm)[^.\n]{0,40}(talimat|komut|yönerge)[^.\n]{0,30}(yok say|unut|görmezden)|\b(ignorera|glöm|ignorer|glem|unohda|ohita)\b[^.\n]{0,50}(instruktion|instruks|ohjeet)|\b(ignoruj|zapomeň)[^.\n]{0,50}(pokyn|instrukc)|\babaikan[^.\n]{0,40}(instruksi|perintah)|\bbỏ qua[^.\n]{0,40}(hướng dẫn|chỉ dẫn)
        """, Plain)]
    private static partial Regex OtherLatin { get; }

    [GeneratedRegex("""
        (игнорируй|проигнорируй|игнорируйте|забудь|забудьте|не обращай внимания)[^.\n]{0,60}(инструкц|указани|правил|выше)|(ты теперь|теперь ты)|системн\w+ промпт|отвечай только|(ігноруй|забудь)[^.\n]{0,50}(інструкц|вказівк)|(忽略|无视|無視|忘记|忘記)[^。\n]{0,20}(指令|指示|提示|说明|說明|以上|之前|前面)|你现在是|你現在是|系统提示|只(回答|输出|回复)|(指示|命令|プロンプト)[^。\n]{0,15}(無視|忘れ)|あなたは(今|これから)|(지시|명령|프롬프트)[^.\n]{0,15}(무시|잊)|(निर्देश|आदेश)[^।\n]{0,30}(अनदेखा|भूल)|(تجاهل|انس)[^.\n]{0,40}(التعليمات|الأوامر|السابقة)|(התעלם|שכח)[^.\n]{0,30}(ההוראות|הנחיות)|(αγνόησε|ξέχασε)[^.\n]{0,40}(οδηγίες|εντολές)
        """, Plain)]
    private static partial Regex OtherScripts { get; }
}
