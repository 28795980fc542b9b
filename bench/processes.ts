/** What processes cost, as Linux tells it in /proc. Elsewhere the benchmark cannot run. */
import { readdir, readFile } from 'node:fs/promises';

/** Fixed for programs, whatever the kernel's own clock is. */
const TICKS_PER_SECOND = 100;

interface ProcessTimes {
  pid: number;
  parent: number;
  /** User and system time, with that of children that have ended. */
  ticks: number;
}

/** CPU seconds (user and system) that a process and everything it started has used so far, ended children included. */
export async function cpuSecondsOf(root: number): Promise<number> {
  const all = await allProcesses();
  const tree = new Set([root]);
  for (let grown = true; grown;) {
    grown = false;
    for (const { pid, parent } of all) {
      if (tree.has(parent) && !tree.has(pid)) {
        tree.add(pid);
        grown = true;
      }
    }
  }
  const ticks = all.filter(({ pid }) => tree.has(pid)).reduce((sum, each) => sum + each.ticks, 0);
  return ticks / TICKS_PER_SECOND;
}

/** The most memory that a process has held so far, in bytes. */
export async function peakMemoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}

async function allProcesses(): Promise<ProcessTimes[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(timesOf));
  return found.filter((times) => times !== null);
}

/** null for one that has just ended. */
async function timesOf(pid: number): Promise<ProcessTimes | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // The name, in brackets, may hold anything; fields are counted from what follows it (proc(5): 3 is the state).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { pid, parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
}
