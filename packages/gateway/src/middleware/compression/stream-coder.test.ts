import { describe, expect, test } from "vitest";
import type { ResponseFilter } from "../../filters/response-filter.js";
import { DoublingFilter } from "../../filters/scripted-filters.suite.js";
import { QuickStep } from "../chain/scripted-steps.suite.js";
import { chunk, chunked, CompressedVisit, decoded, eventually, response } from "./compressed-visits.suite.js";
import { COMPRESSION_LIMITS, EncoderRoom } from "./encoder-room.js";
import { Encoders } from "./encoders.js";

const CODINGS = ["gzip", "br", "zstd"] as const;
const HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n";
/** Text that does not repeat itself in short distances. */
const LONG = Array.from({ length: 20_000 }, (_, n) => `${n}:${(n * 2_654_435_761) % 4_294_967_296}\n`).join("");
const accepting = (coding: string): string => `Accept-Encoding: ${coding}\r\n`;

describe.for(CODINGS)("in %s", (coding) => {
  test("a body that ends with a length, chunks or the connection is the same, wherever it is cut", async () => {
    const text = "abcdef".repeat(3);
    const compressed = new CompressedVisit({ threshold: 0 });
    for (const given of [response(text), chunked(["ab", text, "x"])]) {
      const expected = given.startsWith(HEAD) ? `ab${text}x` : text;
      for (let cut = 1; cut < given.length; cut++) {
        compressed.ask(accepting(coding));
        const { stream } = compressed.visit.upstream;
        const before = stream.credited;
        stream.arrive(Buffer.from(given.slice(0, cut)));
        if (cut % 3 === 0) await new Promise(setImmediate);
        stream.arrive(Buffer.from(given.slice(cut)));
        const got = await compressed.whole();
        expect(got.fields["content-encoding"]).toBe(coding);
        expect(decoded(got)).toBe(expected);
        await eventually(() => stream.credited - before === given.length);
      }
    }
  });

  test("each piece of a slow stream arrives before the next one, and the head before the first", async () => {
    const compressed = new CompressedVisit();
    compressed.ask(accepting(coding));
    const { visit } = compressed;
    visit.respond(HEAD);
    expect(compressed.received.fields["content-encoding"]).toBe(coding);
    let text = "";
    for (let n = 0; n < 30; n++) {
      const piece = `event ${n}\n`;
      text += piece;
      visit.respond(chunk(piece));
      await eventually(() => decoded(compressed.received, true).length >= text.length);
      expect(decoded(compressed.received, true)).toBe(text);
    }
    visit.respond("0\r\n\r\n");
    expect(decoded(await compressed.whole())).toBe(text);
  });

  test("a long body is the same, in pieces of any size, one response after another", async () => {
    const compressed = new CompressedVisit();
    for (const size of [1_000, 16_384, 65_536, 70_000, 1_000_000]) {
      compressed.ask(accepting(coding));
      const given = response(LONG);
      for (let at = 0; at < given.length; at += size) {
        compressed.visit.respond(given.slice(at, at + size));
        if (at % 3 === 0) await new Promise(setImmediate);
      }
      expect(decoded(await compressed.whole())).toBe(LONG);
    }
    expect([compressed.encoders.used, compressed.room.used, compressed.room.visitors]).toEqual([0, 0, 0]);
  });

  test("a body that is complete at once is the same, from the shortest to the longest", async () => {
    const compressed = new CompressedVisit({ threshold: 0 });
    const { atOnce, whole } = COMPRESSION_LIMITS;
    for (const length of [1, atOnce[coding], atOnce[coding] + 1, whole, whole + 1]) {
      const text = LONG.slice(0, length);
      expect(decoded(await compressed.answer(response(text), accepting(coding)))).toBe(text);
      expect(decoded(await compressed.answer(chunked([text]), accepting(coding)))).toBe(text);
    }
  });

  test("an empty body of unknown length is an empty body", async () => {
    const got = await new CompressedVisit().answer(chunked([]), accepting(coding));
    expect([got.fields["content-encoding"], decoded(got)]).toEqual([coding, ""]);
  });
});

test("short bodies that are more than one turn can compress are compressed in the next ones, without a thread", async () => {
  const [room, encoders] = [new EncoderRoom(), new Encoders()];
  const text = LONG.slice(0, COMPRESSION_LIMITS.atOnce.gzip - 100);
  const several = 2 * (COMPRESSION_LIMITS.perTurn / COMPRESSION_LIMITS.atOnce.gzip) + 1;
  const visits = Array.from({ length: several }, () => new CompressedVisit({}, { room, encoders }));
  for (const compressed of visits) compressed.ask("Accept-Encoding: gzip\r\n");
  // The end of the body comes alone, in the same turn.
  for (const { visit } of visits) for (const piece of [HEAD, chunk(text), "0\r\n\r\n"]) visit.respond(piece);
  for (const compressed of visits) expect(decoded(await compressed.whole())).toBe(text);
  expect([encoders.created, room.used, room.visitors]).toEqual([0, 0, 0]);
});

describe("a visitor that leaves in the middle frees the encoder", () => {
  test("between two pieces", async () => {
    const compressed = new CompressedVisit();
    const { visit, encoders, room } = compressed;
    compressed.ask();
    visit.respond(HEAD + chunk(LONG));
    await eventually(() => decoded(compressed.received, true) === LONG);
    expect([encoders.used, room.visitors]).toEqual([1, 1]);
    visit.connection.destroy();
    visit.connection.pump();
    expect([encoders.used, encoders.kept, room.used, room.visitors]).toEqual([0, 0, 0, 0]);
  });

  test("while a thread works for it, and while it waits for one", async () => {
    const room = new EncoderRoom({ memory: COMPRESSION_LIMITS.memory, threads: 1 });
    const [working, waiting] = [new CompressedVisit({}, { room }), new CompressedVisit({}, { room })];
    for (const { visit } of [working, waiting])
      visit.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
    for (const { visit } of [working, waiting]) visit.respond(HEAD + chunk(LONG));
    await eventually(() => working.encoders.used === 1);
    for (const { visit } of [waiting, working]) {
      visit.connection.destroy();
      visit.connection.pump();
    }
    await eventually(() => room.visitors === 0);
    expect([working.encoders.used, working.encoders.kept, waiting.encoders.used, room.used]).toEqual([0, 0, 0, 0]);
    // The thread is free for others.
    expect(decoded(await new CompressedVisit({}, { room }).answer(response(LONG)))).toBe(LONG);
  });

  test("and so does a target that breaks off: the response does not look complete", async () => {
    const compressed = new CompressedVisit();
    const { visit, encoders, room } = compressed;
    compressed.ask();
    visit.respond(HEAD + chunk("begun"));
    await eventually(() => decoded(compressed.received, true) === "begun");
    visit.upstream.stream.break({ cause: "broken", delivered: -1 });
    expect(visit.connection.state).toBe("reset");
    expect(compressed.received.isComplete).toBe(false);
    expect([encoders.used, room.used]).toEqual([0, 0]);
  });
});

test("nothing is sent of a short body whose target breaks off", () => {
  const compressed = new CompressedVisit();
  compressed.ask();
  compressed.visit.respond(response("x".repeat(1_000)).slice(0, -1));
  compressed.visit.upstream.stream.break({ cause: "broken", delivered: -1 });
  expect([compressed.received.status, compressed.visit.connection.state]).toEqual([0, "reset"]);
});

describe("without memory for streams", () => {
  const full = (): EncoderRoom => new EncoderRoom({ memory: 0, threads: 2 });

  test("long bodies and those of unknown length are not compressed, but have Vary", async () => {
    for (const given of [response(LONG), chunked([LONG])]) {
      const got = await new CompressedVisit({}, { room: full() }).answer(given);
      expect([got.fields["content-encoding"], got.fields["vary"]]).toEqual([undefined, "Accept-Encoding"]);
      expect(got.body.toString()).toBe(LONG);
    }
  });

  test("bodies of up to 64 KiB are, when all of them has arrived", async () => {
    const text = LONG.slice(0, COMPRESSION_LIMITS.whole);
    const compressed = new CompressedVisit({}, { room: full() });
    compressed.ask();
    const given = response(text);
    compressed.visit.respond(given.slice(0, 40_000));
    await new Promise(setImmediate);
    expect(compressed.received.body).toHaveLength(0);
    expect(compressed.encoders.used).toBe(0);
    compressed.visit.respond(given.slice(40_000));
    expect(decoded(await compressed.whole())).toBe(text);
  });
});

test("a target waits while the visitor does not read, however well its body compresses", async () => {
  const compressed = new CompressedVisit();
  const { visit } = compressed;
  compressed.ask();
  visit.connection.takes = false;
  visit.respond(HEAD);
  const { stream } = visit.upstream;
  const piece = chunk(LONG);
  let sent = 0;
  // As with a window: the target sends more only for credit.
  while (stream.received - stream.credited < 1_000_000 && sent < 50_000_000) {
    visit.respond(piece);
    sent += piece.length;
    await new Promise(setImmediate);
  }
  expect(sent).toBeLessThan(5_000_000);
  visit.connection.takes = true;
  visit.respond("0\r\n\r\n");
  await eventually(() => {
    visit.connection.drain();
    return stream.credited === stream.received;
  });
  expect(visit.upstream.finished).toHaveLength(1);
});

test("the next request waits until all of the body is compressed", async () => {
  const compressed = new CompressedVisit();
  compressed.ask();
  compressed.visit.respond(response(LONG));
  compressed.ask();
  expect(compressed.visit.upstream.finished).toHaveLength(0);
  expect(decoded(await compressed.whole())).toBe(LONG);
  compressed.visit.respond(response(LONG));
  expect(decoded(await compressed.whole())).toBe(LONG);
  expect(compressed.visit.upstream.finished).toHaveLength(2);
});

function filteringStep(filter: ResponseFilter): QuickStep {
  return new QuickStep((request) => {
    request.filter(filter);
    return undefined;
  });
}

test("other filters come before: what they make of a body is compressed", async () => {
  for (const isWhole of [true, false])
    for (const text of ["abc".repeat(100), LONG]) {
      const doubling = filteringStep(new DoublingFilter({ isWhole }));
      const got = await new CompressedVisit({}, { before: [doubling] }).answer(response(text));
      expect(got.fields["content-encoding"]).toBe("gzip");
      expect(decoded(got)).toBe(Array.from(text, (letter) => letter + letter).join(""));
    }
});

test("an error in the code that passes on what a thread has made closes only that connection", async () => {
  const compressed = new CompressedVisit();
  const { visit, encoders, room } = compressed;
  visit.faults = [];
  compressed.ask();
  visit.respond(HEAD + chunk(LONG));
  const flaw = new Error("flaw");
  visit.connection.write = () => {
    throw flaw;
  };
  await eventually(() => visit.faults?.length === 1);
  expect(visit.faults).toEqual([flaw]);
  expect(visit.connection.state).toBe("reset");
  await eventually(() => room.visitors === 0);
  expect(encoders.used).toBe(0);
});

test("bodies that wait for a thread use the encoders of those before them", async () => {
  const room = new EncoderRoom({ memory: COMPRESSION_LIMITS.memory, threads: 2 });
  const encoders = new Encoders();
  const visits = Array.from({ length: 20 }, () => new CompressedVisit({}, { room, encoders }));
  const text = LONG.slice(0, COMPRESSION_LIMITS.whole);
  for (const visit of visits) {
    visit.ask();
    visit.visit.respond(response(text));
  }
  for (const visit of visits) expect(decoded(await visit.whole())).toBe(text);
  expect(encoders.created).toBe(2);
});
