// The cookie jar keeps what a browser would keep.

import assert from "node:assert/strict";
import test from "node:test";

import { CookieJar } from "../../../slides/tab/net/cookies.js";

const HOST = "localhost";
const NOON = Date.UTC(2026, 0, 1, 12);

function jarOf(...cookies) {
  const jar = new CookieJar({ now: () => NOON });
  for (const cookie of cookies) jar.set(cookie, HOST, "/shop/cart?x=/y/z");
  return jar;
}

test("a cookie comes back to where it came from, on every port", () => {
  const jar = jarOf("a=1", "b = 2 ; Path=/", "c=x=y; path=/other");
  assert.equal(jar.header(HOST, "/shop/page?q=1"), "a=1; b=2");
  assert.equal(jar.header(HOST, "/shop"), "a=1; b=2");
  assert.equal(jar.header(HOST, "/shopping"), "b=2");
  assert.equal(jar.header(HOST, "/other/"), "c=x=y; b=2");
  assert.equal(jar.header("127.0.0.1", "/shop/"), "");
});

test("the same cookie replaces, another path does not", () => {
  const jar = jarOf("a=1; Path=/", "a=2; Path=/shop", "a=3; Path=/");
  assert.equal(jar.header(HOST, "/shop"), "a=2; a=3");
});

test("a cookie ends at its time, and can be deleted", () => {
  let now = NOON;
  const jar = new CookieJar({ now: () => now });
  jar.set("age=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", HOST, "/");
  jar.set("date=1; Expires=Thu, 01 Jan 2026 12:00:20 GMT", HOST, "/");
  jar.set("session=1; Expires=nonsense; Max-Age=soon", HOST, "/");
  assert.equal(jar.header(HOST, "/"), "age=1; date=1; session=1");
  now += 10_000;
  assert.equal(jar.header(HOST, "/"), "date=1; session=1");
  now += 10_000;
  assert.equal(jar.header(HOST, "/"), "session=1");
  jar.set("session=; Max-Age=0", HOST, "/");
  assert.equal(jar.header(HOST, "/"), "");
});

test("a script sees and makes no HttpOnly cookie", () => {
  const jar = jarOf("secret=1; Path=/; HttpOnly", "plain=2; Path=/");
  assert.equal(jar.forScript(HOST, "/"), "plain=2");
  jar.set("secret=9; Path=/", HOST, "/", { byScript: true });
  jar.set("secret=; Path=/; Max-Age=0", HOST, "/", { byScript: true });
  jar.set("mine=1; HttpOnly", HOST, "/", { byScript: true });
  jar.set("ours=3", HOST, "/", { byScript: true });
  assert.equal(jar.header(HOST, "/"), "secret=1; plain=2; ours=3");
});

test("another host's cookies and nonsense are not taken", () => {
  const cookies = ["a=1; Domain=example.com", "none", "=1", `b=${"x".repeat(5000)}`, "c=\x07", ""];
  assert.equal(jarOf(...cookies).header(HOST, "/shop/"), "");
  assert.equal(jarOf("d=1; Domain=.LOCALHOST; Secure").header(HOST, "/shop/"), "d=1");
});

test("a jar does not grow without end", () => {
  const jar = new CookieJar();
  for (let number = 0; number < 1000; number += 1) jar.set(`c${number}=1`, HOST, "/");
  const kept = jar.header(HOST, "/").split("; ");
  assert.equal(kept.length, 180);
  assert.equal(kept.at(-1), "c999=1");
});
