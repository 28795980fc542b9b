import { Command } from 'commander';
import { formatInstant } from '../../domain/instant.js';
import { rejectedRecord, type WholeRecord } from '../../io/postgres/rejectedRecord.js';
import { OptionReader, UsageError } from '../options.js';
import { jsonOf } from './list.js';
import { asText, printable } from './text.js';
import { withPool } from '../withPool.js';

interface ShowOptions {
  raw?: true;
  json?: true;
}

export function showCommand(): Command {
  return new Command('show')
    .summary('everything about one record')
    .description('Shows all that is kept of one record: its value as text, or in hex where it is not UTF-8.')
    .argument('<job>', 'the workflow id of the job')
    .argument('<partition>')
    .argument('<offset>')
    .option('--raw', 'write the bytes of the value as they are, and nothing else')
    .option('--json', 'as JSON, instants in epoch milliseconds')
    .action((...[job, partition, offset, options]: [string, string, string, ShowOptions]) =>
      show({ job, partition, offset }, options),
    );
}

async function show(
  { job, partition, offset }: { job: string; partition: string; offset: string },
  { raw, json }: ShowOptions,
): Promise<void> {
  const read = new OptionReader();
  const wanted = {
    job,
    partition: read.integer('<partition>', partition, 0) ?? 0,
    offset: read.integer('<offset>', offset, 0) ?? 0,
  };
  if (raw && json) read.problem('--raw and --json: one of them');
  read.finish();
  const record = await withPool((pool) => rejectedRecord(pool, wanted));
  if (record === null)
    throw new UsageError([
      `weir.rejected holds no record of ${job}, partition ${wanted.partition}, offset ${wanted.offset}`,
    ]);
  if (raw) process.stdout.write(record.value ?? '');
  else console.log(json ? JSON.stringify(wholeJson(record), null, 2) : shownRecord(record));
}

function wholeJson({ key, value, ...record }: WholeRecord): object {
  return { ...jsonOf(record), key: key && asText(key), value: value && asText(value) };
}

function shownRecord(record: WholeRecord): string {
  const { key, value, keptBytes, valueBytes } = record;
  const cut = (keptBytes ?? 0) < (valueBytes ?? 0) ? `, of which the first ${keptBytes} are kept` : '';
  const sent = {
    'not sent': 'no',
    sent: `yes, on ${formatInstant(record.claimedAt)}, to offset ${record.newOffset}`,
    'in doubt': `in doubt: claimed on ${formatInstant(record.claimedAt)}, and not noted as sent`,
  }[record.state];
  const lines: [string, string][] = [
    ['job', record.job],
    ['epoch', String(record.epoch)],
    ['topic', record.topic],
    ['partition', String(record.partition)],
    ['offset', String(record.offset)],
    ['reason', printable(record.reason)],
    ['record time', formatInstant(record.recordTime) ?? '-'],
    ['rejected at', formatInstant(record.rejectedAt)!],
    ['sent again', sent],
    ['key', key === null ? '(null)' : shownBytes(key)],
    ['value', value === null ? '(null)' : `${valueBytes} bytes${cut}`],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  const shown = lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
  return [...shown, ...(value === null || value.length === 0 ? [] : ['', shownBytes(value)])].join('\n');
}

function shownBytes(bytes: Buffer): string {
  const { encoding, text } = asText(bytes);
  return encoding === 'hex' ? `hex ${text}` : printable(text);
}
