import { describe, expect, it } from 'vitest';
import { sendByPartition } from '../../../src/io/kafka/producerClient.js';

const message = (partition: number, value: string) => ({ partition, value });

describe('messages to several partitions', () => {
  it('are sent by partition, in their order', async () => {
    const sends: string[][] = [];
    const messages = [message(1, 'a'), message(0, 'b'), message(1, 'c')];
    await sendByPartition(messages, async (some) => void sends.push(some.map(({ value }) => value)));
    expect(sends).toEqual([['a', 'c'], ['b']]);
  });

  it('fail when one send fails, and not before the others have ended', async () => {
    let end = (): void => undefined;
    const late = new Promise<void>((resolve) => (end = resolve));
    const send = (some: { partition: number }[]): Promise<void> =>
      some[0]!.partition === 0 ? Promise.reject(new Error('no leader')) : late;
    let over = false;
    const sent = sendByPartition([message(0, 'a'), message(1, 'b')], send).finally(() => (over = true));
    sent.catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toBe(false);
    end();
    await expect(sent).rejects.toThrow('no leader');
  });
});
