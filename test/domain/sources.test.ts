import { describe, expect, it } from 'vitest';
import { MissingMessages, Sources, type MessageHead, type SourceStanding } from '../../src/domain/sources.js';

function message(source: number, number: number, watermark: number | null): MessageHead {
  return { source, number, part: 0, parts: 1, from: 0, to: 0, watermark };
}

function part(of: number, parts: number): MessageHead {
  return { ...message(0, 1, 9), part: of, parts };
}

describe('what a target has taken', () => {
  it('drops a message that it has, and an older one', () => {
    const sources = new Sources([[0, 0, -1, null]]);
    expect([5, 5, 4, 6].map((number) => sources.take(message(0, number, number)))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(sources.standings()).toEqual([[0, 6, 0, 6, null]]);
  });

  it('drops parts that it has of a message that is published again', () => {
    const sources = new Sources([[0, 0, -1, null]]);
    const parts = [0, 1, 0, 1, 2].map((each) => sources.take(part(each, 3)));
    expect(parts).toEqual([true, true, false, false, true]);
  });

  it('takes the watermark with the last part, not before', () => {
    const sources = new Sources([[0, 0, -1, null]]);
    sources.take(part(0, 2));
    expect(sources.watermark).toBeNull();
    sources.take(part(1, 2));
    expect(sources.watermark).toBe(9);
  });

  it('has the smallest watermark, none until all known sources are heard', () => {
    const sources = new Sources([
      [0, 0, -1, null],
      [1, 0, -1, null],
    ]);
    sources.take(message(0, 1, 50));
    expect(sources.watermark).toBeNull();
    sources.take(message(1, 1, 20));
    expect(sources.watermark).toBe(20);
    sources.take(message(1, 2, 60));
    expect(sources.watermark).toBe(50);
  });

  it('keeps a watermark where a message has none', () => {
    const sources = new Sources([[0, 3, 0, 20]]);
    sources.take(message(0, 4, null));
    expect(sources.standings()).toEqual([[0, 4, 0, 20, null]]);
  });

  it('stands still while a source that appears later is not heard, and does not go back', () => {
    const sources = new Sources([[0, 1, 0, 20]]);
    sources.take(message(0, 2, 40));
    sources.take(message(7, 1, null));
    sources.take(message(0, 3, 80));
    expect(sources.watermark).toBe(40);
    sources.take(message(7, 2, 60));
    expect(sources.watermark).toBe(60);
  });

  describe.each([
    ['in one batch', (sources: Sources) => sources],
    ['in batches', (sources: Sources) => new Sources(sources.standings())],
  ])('%s', (_, next) => {
    function joins(head: MessageHead, others: SourceStanding[] = [[0, 1, 0, 80]]): boolean {
      const sources = [8, 7].reduce((each, source) => {
        each.take(message(source, 1, null));
        return next(each);
      }, new Sources(others));
      return sources.take(head);
    }

    it('lets a source that appears later begin at its watermark, not before', () => {
      expect(joins(message(7, 2, 80))).toBe(true);
      const late = message(7, 2, 79);
      expect(() => joins(late)).toThrow(new MissingMessages(late, 'hello'));
    });

    it('lets it begin anywhere where it has no watermark', () => {
      expect(joins({ ...message(7, 2, 3), to: 4 }, [[0, 0, -1, null]])).toBe(true);
    });

    it('does not let it begin with records', () => {
      const records = { ...message(7, 2, 90), to: 1 };
      expect(() => joins(records)).toThrow(new MissingMessages(records, 'hello'));
      expect(() => joins({ ...records, parts: 2 })).toThrow(MissingMessages);
    });

    it('does not look at that again', () => {
      const sources = new Sources([[0, 1, 0, 80]]);
      sources.take(message(7, 1, null));
      sources.take(message(7, 2, 80));
      expect(sources.standings()).toEqual([
        [0, 1, 0, 80],
        [7, 2, 0, 80, 0],
      ]);
      expect(next(sources).take({ ...message(7, 3, 90), to: 5 })).toBe(true);
    });
  });

  it('is the same, however messages are cut into batches', () => {
    const messages = [message(0, 1, 40), message(7, 1, null), message(0, 2, 80)];
    const whole = new Sources([[0, 0, -1, null]]);
    for (const each of messages) whole.take(each);
    expect(whole.watermark).toBe(40);
  });
});

describe('that a message is missing', () => {
  /** Source 3 at message 7, whose part 1 was the last; everything before offset 100 was taken. */
  const KNOWN: SourceStanding = [3, 7, 1, 50, 100];

  function found(head: Partial<MessageHead>, standing: SourceStanding = KNOWN) {
    const sources = new Sources([standing]);
    const taken = sources.take({
      source: 3,
      number: 8,
      part: 0,
      parts: 1,
      from: 0,
      to: 0,
      watermark: 60,
      ...head,
    });
    return [
      taken,
      ...sources
        .standings()
        .find(([source]) => source === 3)!
        .slice(1),
    ];
  }

  it('is not said where one begins at the offset at which the last one ended, whatever their numbers', () => {
    expect(found({ number: 9, from: 100, to: 120 })).toEqual([true, 9, 0, 60, 120]);
  });

  it('is not said where one holds nothing but a watermark', () => {
    expect(found({ from: 100, to: 100 })).toEqual([true, 8, 0, 60, 100]);
  });

  it.each([101, 99])('is said where it begins at another one: %i', (from) => {
    expect(() => found({ number: 9, from, to: 120 })).toThrow(
      new MissingMessages({ source: 3, number: 9, part: 0, parts: 1, from, to: 120, watermark: 60 }, KNOWN),
    );
  });

  it('names the source, both messages and their offsets', () => {
    expect(() => found({ number: 9, from: 110, to: 120 })).toThrow(
      'messages of source 3 do not follow each other: after message 7 (part 1), offset 100 was to come; ' +
        'found message 9 (part 0 of 1), offsets 110 to 120',
    );
  });

  it('is said of a part, exactly', () => {
    const part = { number: 8, parts: 4, from: 100, to: 120 };
    const begun: SourceStanding = [3, 8, 1, 50, 100];
    expect(found({ ...part, part: 2 }, begun)).toEqual([true, 8, 2, 50, 100]);
    expect(() => found({ ...part, part: 3 }, begun)).toThrow(MissingMessages);
    expect(() => found({ ...part, part: 1 })).toThrow(MissingMessages);
  });

  it('is said where the last part is: the next message begins behind it', () => {
    expect(() => found({ number: 9, from: 120, to: 130 }, [3, 8, 1, 50, 100])).toThrow(MissingMessages);
  });

  it('is not said of what comes again', () => {
    expect(found({ number: 7, part: 0, parts: 2, from: 80, to: 100 })[0]).toBe(false);
    expect(found({ number: 7, part: 1, parts: 2, from: 80, to: 100 })[0]).toBe(false);
    expect(found({ number: 2, from: 20, to: 30 })).toEqual([false, 7, 1, 50, 100]);
    expect(found({ number: 8, part: 0, parts: 4, from: 100, to: 120 }, [3, 8, 1, 50, 100])[0]).toBe(false);
  });

  it('is said where one that seems to come again holds more than was taken: it is of another life', () => {
    expect(() => found({ number: 2, from: 90, to: 101 })).toThrow(MissingMessages);
    expect(() => found({ number: 7, from: 90, to: 101 })).toThrow(MissingMessages);
  });

  it('is not said where a message that was begun comes again with fewer parts: it ends there', () => {
    const begun: SourceStanding = [3, 8, 2, 50, 100];
    expect(found({ number: 8, part: 0, parts: 1, from: 100, to: 120 }, begun)).toEqual([
      false,
      8,
      2,
      60,
      120,
    ]);
  });

  it('is said where a source that appears later does not begin with its first', () => {
    const sources = new Sources([KNOWN]);
    const hello = { source: 9, number: 1, part: 0, parts: 1, from: 40, to: 40, watermark: null };
    expect(() => sources.take({ ...hello, number: 2 })).toThrow(MissingMessages);
    expect(sources.take(hello)).toBe(true);
    expect(sources.standings()[1]).toEqual([9, 1, 0, null, 40, 50]);
  });

  it('is not asked in the middle of a rebuild, where one that comes again may be the first', () => {
    const sources = new Sources([[3, 0, -1, null]]);
    const head = { source: 3, part: 1, parts: 2, watermark: 60 };
    expect(sources.take({ ...head, number: 4, from: 40, to: 50 })).toBe(true);
    expect(sources.take({ ...head, number: 8, from: 100, to: 120 })).toBe(true);
  });
});
