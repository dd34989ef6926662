import type { Notice, NoticeRecord } from "../domain/index.ts";
import { incidentId } from "./incidents.ts";

/** A row of the notice table as read. */
export interface NoticeRow {
  id: number;
  incident: number;
  channel: string;
  kind: "card" | "reply";
  because: Notice["because"];
  text: string;
  broadcast: boolean;
  mention: string | null;
  at: number;
  state: NoticeRecord["state"];
  attempts: number;
  begun_at: number | null;
  failing_since: number | null;
  due_at: number;
  sent_at: number | null;
  receipt: string | null;
  error: string | null;
}

/** Columns of {@link NoticeRow}. */
export const NOTICE_COLUMNS =
  "id, incident, channel, kind, because, text, broadcast, mention, at, state, attempts, begun_at, failing_since, due_at, sent_at, receipt, error";

/** A row as the delivery knows it. */
export function noticeOf(row: NoticeRow): Notice {
  const { id, channel, kind, because, text, broadcast, mention, at, attempts } = row;
  const incident = incidentId(row.incident);
  const attempt = { attempts, begun: row.begun_at !== null, failingSince: row.failing_since };
  return { id, incident, channel, kind, because, text, broadcast, mention, at, ...attempt };
}

/** A row with what became of it. */
export function noticeRecordOf(row: NoticeRow): NoticeRecord {
  return { ...noticeOf(row), state: row.state, receipt: row.receipt, sentAt: row.sent_at, error: row.error };
}
