import { SLASH } from "../http/octet.js";

/** The rules with one pattern, in the order in which they are tried. */
export interface PathPlace<Rule> {
  readonly rules: Rule[];
  /** The place with the longest shorter prefix of the same path. */
  next: PathPlace<Rule> | undefined;
}

interface Node<Rule> {
  /** The characters between the parent's text and this node's. */
  label: string;
  /** The first characters of the children's labels, in the order of `children`. */
  firsts: string;
  readonly children: Node<Rule>[];
  exact: PathPlace<Rule> | undefined;
  prefix: PathPlace<Rule> | undefined;
}

/** Rules by path, in a radix tree: the time to find a path depends on its length, not on the number of rules. */
export class PathTree<Rule> {
  readonly #root: Node<Rule> = newNode("");

  /**
   * Adds a rule for the path `text`, or for `text` and every path below it. Rules of one pattern are tried in the order
   * in which they are added.
   */
  add(text: string, isPrefix: boolean, rule: Rule): void {
    const node = this.#nodeOf(text);
    const place = (isPrefix ? node.prefix : node.exact) ?? { rules: [], next: undefined };
    if (isPrefix) node.prefix = place;
    else node.exact = place;
    place.rules.push(rule);
  }

  /** Links each place to the next. Call it once, after the last `add`. */
  link(): void {
    linkBelow(this.#root, undefined);
  }

  /** The most specific place for the path in `target` before `end`. */
  find(target: string, end: number): PathPlace<Rule> | undefined {
    let node = this.#root;
    // `/*` also matches the target `*`.
    let found = node.prefix;
    let at = 0;
    for (;;) {
      if (at === end) return node.exact ?? node.prefix ?? found;
      const code = target.charCodeAt(at);
      if (code === SLASH && node.prefix !== undefined) found = node.prefix;
      const { firsts } = node;
      let n = 0;
      while (n < firsts.length && firsts.charCodeAt(n) !== code) n++;
      if (n === firsts.length) return found;
      node = node.children[n]!;
      const { label } = node;
      if (label.length > end - at) return found;
      for (n = 1; n < label.length; n++) if (label.charCodeAt(n) !== target.charCodeAt(at + n)) return found;
      at += label.length;
    }
  }

  #nodeOf(text: string): Node<Rule> {
    let node = this.#root;
    let at = 0;
    while (at < text.length) {
      const n = node.firsts.indexOf(text[at]!);
      const child = node.children[n];
      if (child === undefined) return addChild(node, newNode(text.slice(at)));
      const shared = sharedLength(child.label, text, at);
      node = shared < child.label.length ? split(node, n, shared) : child;
      at += shared;
    }
    return node;
  }
}

function newNode<Rule>(label: string): Node<Rule> {
  return { label, firsts: "", children: [], exact: undefined, prefix: undefined };
}

function addChild<Rule>(parent: Node<Rule>, child: Node<Rule>): Node<Rule> {
  parent.firsts += child.label[0]!;
  parent.children.push(child);
  return child;
}

/** The number of characters of `label` that `text` has at `at`. */
function sharedLength(label: string, text: string, at: number): number {
  let length = 0;
  while (length < label.length && label.charCodeAt(length) === text.charCodeAt(at + length)) length++;
  return length;
}

/** Puts a node with the first `length` characters of a child's label between `parent` and the child. */
function split<Rule>(parent: Node<Rule>, n: number, length: number): Node<Rule> {
  const child = parent.children[n]!;
  const middle = newNode<Rule>(child.label.slice(0, length));
  parent.children[n] = middle;
  child.label = child.label.slice(length);
  addChild(middle, child);
  return middle;
}

/** @param around the longest prefix above the node that covers it */
function linkBelow<Rule>(node: Node<Rule>, around: PathPlace<Rule> | undefined): void {
  if (node.prefix !== undefined) node.prefix.next = around;
  if (node.exact !== undefined) node.exact.next = node.prefix ?? around;
  for (const child of node.children) {
    const isBelow = child.label.charCodeAt(0) === SLASH;
    linkBelow(child, isBelow ? (node.prefix ?? around) : around);
  }
}
