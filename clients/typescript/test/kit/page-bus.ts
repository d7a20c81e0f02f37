/** Pages of one device in one process: who leads, and what they say to each other. */
import type { Tabs } from "../../src/ports.js";

interface Member {
  readonly listeners: Set<(message: unknown) => void>;
  alive: boolean;
}

interface Candidate {
  readonly member: Member;
  readonly begin: () => void;
}

export class PageBus {
  private readonly members = new Set<Member>();
  private queue: Candidate[] = [];
  private leading: Candidate | null = null;

  page(): Tabs & { crash(): void } {
    const member: Member = { listeners: new Set(), alive: true };
    this.members.add(member);
    return {
      lead: (begin) => {
        const candidate = { member, begin };
        this.queue.push(candidate);
        queueMicrotask(() => this.next());
        return () => this.withdraw(candidate);
      },
      post: (message) => this.post(member, structuredClone(message)),
      listen: (listener) => {
        member.listeners.add(listener);
        return () => void member.listeners.delete(listener);
      },
      crash: () => {
        member.alive = false;
        member.listeners.clear();
        for (const each of [this.leading, ...this.queue]) if (each?.member === member) this.withdraw(each);
      },
    };
  }

  private post(from: Member, message: unknown): void {
    if (!from.alive) return;
    for (const member of this.members) {
      if (member === from) continue;
      queueMicrotask(() => {
        for (const listener of [...member.listeners]) listener(structuredClone(message));
      });
    }
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
