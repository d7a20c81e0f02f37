/** Pages of one device in one process: who leads, and what they say to each other. */
import type { Tabs } from "../../src/ports.js";

interface Member {
  readonly listeners: Set<(message: unknown) => void>;
  alive: boolean;
  /** What happens once it is awake again; null while it is. */
  asleep: (() => void)[] | null;
}

interface Candidate {
  readonly member: Member;
  readonly begin: () => void;
  readonly lost: () => void;
}

interface Watch {
  readonly page: string;
  readonly left: () => void;
}

export class PageBus {
  private readonly members = new Set<Member>();
  private queue: Candidate[] = [];
  private leading: Candidate | null = null;
  private readonly staying = new Map<string, Member>();
  private readonly watches = new Set<Watch>();

  /** `suspend`: it does and hears nothing until `resume`, as a page that the system suspended. */
  page(): Tabs & { crash(): void; suspend(): void; resume(): void } {
    const member: Member = { listeners: new Set(), alive: true, asleep: null };
    this.members.add(member);
    return {
      lead: (begin, lost, force) => {
        const candidate = { member, begin, lost };
        if (force) this.steal();
        if (force) this.queue.unshift(candidate);
        else this.queue.push(candidate);
        queueMicrotask(() => this.next());
        return () => this.withdraw(candidate);
      },
      stay: (page, stays) => {
        this.staying.set(page, member);
        queueMicrotask(stays);
        return () => this.leave(page);
      },
      gone: (page, left) => {
        const watch = { page, left };
        this.watches.add(watch);
        queueMicrotask(() => this.look());
        return () => void this.watches.delete(watch);
      },
      suspend: () => {
        member.asleep = [];
      },
      resume: () => {
        const slept = member.asleep ?? [];
        member.asleep = null;
        for (const run of slept) run();
      },
      post: (message) => this.post(member, structuredClone(message)),
      listen: (listener) => {
        member.listeners.add(listener);
        return () => void member.listeners.delete(listener);
      },
      crash: () => {
        member.alive = false;
        member.listeners.clear();
        for (const [page, of] of this.staying) if (of === member) this.leave(page);
        for (const each of [this.leading, ...this.queue]) if (each?.member === member) this.withdraw(each);
      },
    };
  }

  private post(from: Member, message: unknown): void {
    if (!from.alive) return;
    for (const member of this.members) {
      if (member === from) continue;
      queueMicrotask(() =>
        awake(member, () => {
          for (const listener of [...member.listeners]) listener(structuredClone(message));
        }),
      );
    }
  }

  private leave(page: string): void {
    this.staying.delete(page);
    queueMicrotask(() => this.look());
  }

  private look(): void {
    for (const watch of [...this.watches]) {
      if (this.staying.has(watch.page)) continue;
      this.watches.delete(watch);
      watch.left();
    }
  }

  private steal(): void {
    const former = this.leading;
    this.leading = null;
    if (former !== null) awake(former.member, former.lost);
  }

  private withdraw(candidate: Candidate): void {
    this.queue = this.queue.filter((each) => each !== candidate);
    if (this.leading !== candidate) return;
    this.leading = null;
    queueMicrotask(() => this.next());
  }

  private next(): void {
    if (this.leading !== null) return;
    this.leading = this.queue.shift() ?? null;
    this.leading?.begin();
  }
}

function awake(member: Member, run: () => void): void {
  if (member.asleep === null) run();
  else member.asleep.push(run);
}
