import { describe, expect, it } from 'vitest';
import { Sources, type MessageHead } from '../../src/domain/sources.js';

function message(source: number, number: number, watermark: number | null): MessageHead {
  return { source, number, part: 0, parts: 1, watermark };
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
    expect(sources.standings()).toEqual([[0, 6, 0, 6]]);
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
    expect(sources.standings()).toEqual([[0, 4, 0, 20]]);
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

  it('is the same, however messages are cut into batches', () => {
    const messages = [message(0, 1, 40), message(7, 1, null), message(0, 2, 80)];
    const whole = new Sources([[0, 0, -1, null]]);
    for (const each of messages) whole.take(each);
    expect(whole.watermark).toBe(40);
  });
});
