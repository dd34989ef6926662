import { array, assert, constantFrom, integer, oneof, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { AnswerReader } from "../../src/http/answer.ts";
import type { Answer } from "../../src/http/answer.ts";

function read(parts: readonly string[], { head = false, max = 100, end = false } = {}): Answer | undefined {
  const reader = new AnswerReader(head, max);
  for (const part of parts) {
    const answer = reader.take(Buffer.from(part, "latin1"));
    if (answer !== undefined) return answer;
  }
  return end ? reader.end() : undefined;
}

/** Anything but a refusal by the reader itself comes through. */
function judge(parts: readonly string[]): "refused" | { readonly body: string } {
  try {
    return read(parts, { max: 10, end: true }) ?? { body: "" };
  } catch (error) {
    if (error instanceof Error && error.name === "Fault") return "refused";
    throw error;
  }
}

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\nHello\n";
const CHUNKED =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nHel\r\n3\r\nlo\n\r\n0\r\nTrailer: x\r\n\r\n";
const INTERIM = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${LENGTH}`;

describe("an HTTP answer", () => {
  it.each([
    ["with a length", LENGTH],
    ["in chunks", CHUNKED],
    ["after interim answers", INTERIM],
  ])("%s reads the same however its bytes are split", (_name, text) => {
    assert(
      property(array(integer({ min: 1, max: text.length - 1 }), { maxLength: 12 }), (cuts) => {
        const at = [0, ...new Set(cuts), text.length].sort((a, b) => a - b);
        const parts = at.slice(1).map((to, i) => text.slice(at[i], to));
        const answer = read(parts);
        expect(answer).toMatchObject({ status: 200, body: "Hello\n", truncated: false, keepable: true });
      }),
      { numRuns: 200 },
    );
  });

  it("without a length ends when the server closes, and leaves nothing to keep", () => {
    const text = "HTTP/1.1 200 OK\r\n\r\nHello";
    expect(read([text])).toBeUndefined();
    expect(read([text], { end: true })).toMatchObject({ body: "Hello", keepable: false });
  });

  it("cut short of its length is no answer", () => {
    expect(read(["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHel"], { end: true })).toBeUndefined();
  });

  it("longer than asked for is cut off, whether it says its length or not", () => {
    const body = "x".repeat(101);
    const sized = read([`HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n${body}`]);
    expect(sized).toMatchObject({ truncated: true, keepable: false, body: "x".repeat(100) });
    expect(read([`HTTP/1.1 200 OK\r\n\r\n${body}`])).toMatchObject({ truncated: true });
    const chunks = Array.from({ length: 60 }, () => "2\r\nxx\r\n");
    expect(read(["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ...chunks])).toMatchObject({
      truncated: true,
    });
  });

  it("to HEAD, and one of 204 or 304, has no body whatever its headers say", () => {
    expect(read(["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"], { head: true })).toMatchObject({ body: "" });
    expect(read(["HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\n"])).toMatchObject({ status: 204, body: "" });
  });

  it.each([
    ["that asks to close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"],
    ["of HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
    ["with bytes after it", `${LENGTH}HTTP/1.1 200 OK`],
  ])("%s leaves no connection to keep", (_name, text) => {
    expect(read([text])).toMatchObject({ status: 200, keepable: false });
  });

  it.each([
    ["garbage", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["a malformed status", "HTTP/1.1 OK\r\n\r\n"],
    ["another protocol after the switch", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["a header without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"],
    ["two different lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"],
    ["a coding that was not asked for", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"],
    ["a malformed chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["a chunk longer than it says", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxxx\r\n"],
    ["headers without end", `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(7_000)}`],
    ["interim answers without end", "HTTP/1.1 100 Continue\r\n\r\n".repeat(20)],
  ])("that is %s is refused", (_name, text) => {
    expect(() => read([text])).toThrow(/not proper HTTP/);
  });

  it("is read or refused whatever the bytes are, within what was asked for", () => {
    const pieces = constantFrom(
      "HTTP/1.1 200 OK",
      "\r\n",
      "Content-Length: 5",
      "Transfer-Encoding: chunked",
      "3",
      "abc",
      "0",
      ":",
      "\0",
    );
    assert(
      property(array(oneof(pieces, string({ maxLength: 8 })), { maxLength: 20 }), (parts) => {
        const what = judge(parts);
        expect(what === "refused" || what.body.length <= 10).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
