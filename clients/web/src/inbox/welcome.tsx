/** What an inbox shows that never held anything: how something comes into it. */

import { LinkDialog } from "../devices/link-dialog.tsx";
import { Button } from "../parts/button.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { Icon } from "../parts/icon.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";
import { NewTask } from "../task/new-task.tsx";

export function Welcome() {
  const { hub, overlay } = usePage();
  const { inbox, devices, task } = useWords();
  const { welcome, detail } = inbox;
  const user = useReadable(hub.user) ?? "";
  const command = `hub send "${welcome.example}" --to ${user}`;
  return (
    <div class="welcome">
      <span class="empty-mark">
        <Icon name="inbox" />
      </span>
      <p class="empty-title">{welcome.title}</p>
      <p class="empty-text">{welcome.text}</p>
      <ul class="welcome-steps">
        <li>
          <p>{welcome.send}</p>
          <p class="welcome-command">
            <code>{command}</code>
            <CopyButton text={command} label={detail.copy} done={detail.copied} />
          </p>
        </li>
        <li>
          <p>{welcome.link}</p>
          <Button
            icon="phone"
            onClick={() => overlay.dialog.set(() => <LinkDialog onLinked={() => undefined} />)}
          >
            {devices.link.open}
          </Button>
        </li>
        <li>
          <p>{welcome.task}</p>
          <Button icon="plus" onClick={() => overlay.dialog.set(() => <NewTask />)}>
            {task.newTask}
          </Button>
        </li>
      </ul>
    </div>
  );
}
