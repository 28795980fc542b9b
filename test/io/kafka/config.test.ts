import { describe, expect, test } from 'vitest';
import { parseBrokers } from '../../../src/io/kafka/config.js';

describe('the list of brokers', () => {
  test.each([
    ['one:9092', ['one:9092']],
    [' one:1 ,two.example:65535,', ['one:1', 'two.example:65535']],
    ['127.0.0.1', ['127.0.0.1:9092']],
  ])('%j', (text, brokers) => {
    expect(parseBrokers(text)).toEqual(brokers);
  });

  test.each(['one:0', 'one:65536', 'one:port', ':9092', '[::1]:9092', 'kafka://one:9092', 'a b'])(
    '%j is refused, with the entry',
    (text) => {
      expect(() => parseBrokers(`good:9092,${text}`)).toThrow(
        `"${text}" is not a Kafka broker: expected host:port`,
      );
    },
  );

  test.each(['', ' , '])('%j is empty', (text) => {
    expect(() => parseBrokers(text)).toThrow('the list of Kafka brokers is empty');
  });
});
