/** The fields that devices state of items, by who they concern: docs/protocol.md §5. */

/** What is personal about a shared item, and stated in the reader's own inbox. */
export const PERSONAL_FIELDS = ["seen", "read", "archived", "pinned", "snoozed"] as const;

/** A task's, over its record. */
export const EDITED_FIELDS = ["title", "body", "due", "priority", "assignee"] as const;
