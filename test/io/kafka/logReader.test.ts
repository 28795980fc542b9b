import { describe } from 'vitest';
import { createMemoryLog } from '../../support/memoryLog.js';
import { logReaderContract } from './logReader.contract.js';

describe('the log in memory', () => {
  logReaderContract(async () => {
    const log = createMemoryLog({ topic: 'contract' });
    const reader = log.reader();
    return {
      reader,
      topic: 'contract',
      append: async (...records) => log.append(...records),
      async begin(...records) {
        const transaction = log.begin(...records);
        return { end: async (outcome) => transaction.end(outcome) };
      },
      deleteBefore: async (offset) => log.deleteBefore(offset),
      nowMs: () => log.nowMs,
      async pass(ms) {
        await log.untilWaiting();
        log.advance(ms);
      },
      close: () => reader.close(),
    };
  });
});
