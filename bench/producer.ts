/** A process that sends traffic at a steady pace, event time = now, until it is told to stop (traffic.ts). */
import kafkajs from 'kafkajs';
import type { TrafficOrder, TrafficReport } from './traffic.js';

const TICK_MS = 5;
const REFERRERS = 600;
const WITHOUT_REFERRER = 0.4;
const REST = `"user_agent":"${'x'.repeat(120)}","host":"www.example.com","headers":"{}","user_id":null,"url":"/a"`;

const { brokers, topic, eventsPerSecond, sizeMs, delayMs } = JSON.parse(process.argv[2]!) as TrafficOrder;
const crossings = new Map<number, number>();
const sends = new Set<Promise<void>>();
let events = 0;

const producer = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).producer({
  createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  allowAutoTopicCreation: false,
});
await producer.connect();
await producer.send({ topic, messages: [] }); // learns where the partitions are
const start = performance.now();
const timer = setInterval(sendDue, TICK_MS);
process.once('message', () => void stop());
process.send!('started');

/** Sends are not waited for: one connection keeps their order. */
function sendDue(): void {
  const messages: kafkajs.Message[] = [];
  for (; events < ((performance.now() - start) * eventsPerSecond) / 1000; events++) messages.push(newEvent());
  if (messages.length === 0) return;
  const sent = producer.send({ topic, messages }).then(() => void sends.delete(sent));
  sends.add(sent);
}

function newEvent(): kafkajs.Message {
  const now = Date.now();
  const end = Math.floor((now - delayMs) / sizeMs) * sizeMs;
  if (!crossings.has(end)) crossings.set(end, now);
  const ip = `10.${random(256)}.${random(256)}.1`;
  const referrer = Math.random() < WITHOUT_REFERRER ? 'null' : `"https://ref${random(REFERRERS)}.example/"`;
  return {
    key: ip,
    value: `{"ip":"${ip}","referrer":${referrer},${REST},"event_time":"${new Date(now).toISOString()}"}`,
  };
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}

async function stop(): Promise<void> {
  clearInterval(timer);
  await Promise.all(sends);
  await producer.disconnect();
  process.send!({ events, crossings: [...crossings] } satisfies TrafficReport);
  process.disconnect();
}
