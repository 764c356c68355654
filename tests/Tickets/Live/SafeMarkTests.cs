using TicMate.Tickets.Live;

namespace TicMate.Tests.Tickets.Live;

public sealed class SafeMarkTests
{
    private static readonly SafeMark AtTen = new(10, null);

    [Fact]
    public void Events_without_a_gap_are_final_at_once() => AtTen.Next([], [11, 12, 13], false).ShouldBe(new SafeMark(13, null));

    [Fact]
    public void Nothing_above_a_gap_is_told_while_somebody_writes_who_did_when_it_was_seen()
    {
        var mark = AtTen.Next([], [11, 13], false);
        (mark.Value, mark.IsFresh).ShouldBe((11, true));

        mark = mark.Next(["a", "b"], [13, 14], false).Next(["a", "c"], [13, 14, 15], false).Next(["a"], [13, 14, 15], false);
        mark.Value.ShouldBe(11);

        // Whoever began later does not hold it up, or a busy log would stand still.
        mark.Next(["c", "d"], [13, 14, 15], false).ShouldBe(new SafeMark(15, null));
    }

    [Fact]
    public void A_gap_that_fills_is_told_in_its_place() =>
        AtTen.Next([], [11, 13], false).Next(["a"], [12, 13], false).ShouldBe(new SafeMark(13, null));

    [Fact]
    public void A_number_that_nobody_will_use_is_passed_when_all_who_could_are_over() =>
        AtTen.Next([], [13], false).Next([], [13], false).ShouldBe(new SafeMark(13, null));

    [Fact]
    public void A_second_gap_has_to_wait_for_its_own_writers()
    {
        var mark = AtTen.Next([], [12], false).Next(["a"], [12, 14], false).Next([], [12, 14], false);
        (mark.Value, mark.Ahead!.Top, mark.IsFresh).ShouldBe((12, 14, true));

        mark.Next(["b"], [14], false).Value.ShouldBe(12);
        mark.Next([], [14], false).Value.ShouldBe(14);
    }

    [Fact]
    public void What_has_not_been_read_is_not_called_final()
    {
        var mark = AtTen.Next([], [12, 20], false).Next([], [11, 12, 13], true);
        mark.Value.ShouldBe(13);

        mark.Next([], [15, 20], false).ShouldBe(new SafeMark(20, null));
    }

    [Fact]
    public void The_beginning_waits_for_those_who_may_still_write_below_it()
    {
        var mark = SafeMark.StartingAt(40).Next(["a"], [], false);
        mark.Value.ShouldBeNull();

        mark.Next(["b"], [], false).ShouldBe(new SafeMark(40, null));
    }
}
