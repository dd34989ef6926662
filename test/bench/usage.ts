import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks of /proc/<pid>/stat: 100 a second on every Linux that Node supports (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** CPU and memory of some processes. */
export interface Usage {
  readonly cpuMs: number;
  /** Proportional set size, MiB: shared pages counted once over all. */
  readonly pssMiB: number;
  /** Sum of resident set sizes, MiB: shared pages counted as often as they are mapped. */
  readonly rssMiB: number;
  readonly processes: number;
}

/** All processes below `root`, itself included, and those named by `also`. */
export function family(root: number, also: readonly number[] = []): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = new Set<number>();
  const queue = [root, ...also];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    if (found.has(pid)) continue;
    found.add(pid);
    queue.push(...(children.get(pid) ?? []));
  }
  return [...found];
}

/** CPU time (own and that of ended, waited-for children) and memory of these processes now. */
export function usage(pids: readonly number[]): Usage {
  let ticks = 0;
  let pss = 0;
  let rss = 0;
  let processes = 0;
  for (const pid of pids) {
    const stat = read(`/proc/${pid}/stat`);
    if (stat === undefined) continue;
    processes++;
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    for (const index of [11, 12, 13, 14]) ticks += Number(fields[index]);
    const rollup = read(`/proc/${pid}/smaps_rollup`) ?? "";
    pss += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
    rss += Number(/^Rss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  return { cpuMs: (ticks * 1000) / TICKS_PER_SECOND, pssMiB: pss / 1024, rssMiB: rss / 1024, processes };
}

function parentOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** A process may end between listing and reading: then it has no file, and counts for nothing. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return undefined;
    throw error;
  }
}
