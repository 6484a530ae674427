// Measures a page as a reader sees it: every text with its size, its contrast and its place, every
// chart and table with its place. Runs inside the page and answers in JSON; lengths are CSS pixels
// from its top left.
() => {
  const place = (box) => ({
    left: box.left + scrollX,
    top: box.top + scrollY,
    right: box.right + scrollX,
    bottom: box.bottom + scrollY,
  });
  const places = (selector) =>
    [...document.querySelectorAll(selector)]
      .filter((element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
      .map((element) => place(element.getBoundingClientRect()));

  // A value of an element that builds on its parent's, each worked out once.
  const inherited = (root, step) => {
    const known = new Map([[null, root]]);
    const value = (element) => {
      if (!known.has(element)) {
        known.set(element, step(value(element.parentElement), getComputedStyle(element)));
      }
      return known.get(element);
    };
    return value;
  };
  const rgba = (text) => {
    const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const over = (above, alpha, below) =>
    above.map((part, at) => part * alpha + below[at] * (1 - alpha));
  const luminance = (rgb) => {
    const [red, green, blue] = rgb
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };

  // What an element stands on: the backgrounds of its ancestors, then the shapes of its chart that
  // were painted before it and lie below its middle.
  const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  const background = inherited(canvas, (below, style) => {
    const { rgb, alpha } = rgba(style.backgroundColor);
    return over(rgb, alpha, below);
  });
  const opacity = inherited(1, (all, style) => all * style.opacity);
  const ground = (element) => {
    const behind = background(element);
    const text = element.closest("svg text");
    if (!text) return behind;
    const box = text.getBoundingClientRect();
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    return [...text.ownerSVGElement.querySelectorAll("rect, path, circle")]
      .filter((shape) => shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING)
      .filter((shape) => {
        const { left, right, top, bottom } = shape.getBoundingClientRect();
        return left <= x && x <= right && top <= y && y <= bottom;
      })
      .reduce((below, shape) => {
        const style = getComputedStyle(shape);
        if (style.fill === "none") return below;
        const { rgb, alpha } = rgba(style.fill);
        return over(rgb, alpha * style.fillOpacity * style.opacity, below);
      }, behind);
  };

  const looks = (element, style) => {
    const text = element.closest("svg text");
    const { rgb, alpha } = rgba(text ? style.fill : style.color);
    const below = ground(element);
    const matrix = text?.getScreenCTM();
    const scale = matrix ? Math.sqrt(Math.abs(matrix.a * matrix.d - matrix.b * matrix.c)) : 1;
    return {
      size: parseFloat(style.fontSize) * scale,
      contrast: contrast(over(rgb, alpha * opacity(element), below), below),
    };
  };

  const written = (node) => {
    const element = node.parentElement;
    const range = document.createRange();
    range.selectNodeContents(node);
    const chart = element.closest("svg");
    return {
      words: node.data.trim().slice(0, 60),
      ...looks(element, getComputedStyle(element)),
      boxes: [...range.getClientRects()].filter((box) => box.width && box.height).map(place),
      chart: chart && place(chart.getBoundingClientRect()),
    };
  };
  const nodes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (walker.currentNode.data.trim()) nodes.push(walker.currentNode);
  // Text that only the style sheet writes has no node; its place is its element's.
  const generated = [...document.body.querySelectorAll("*")].flatMap((element) => {
    const style = getComputedStyle(element, "::before");
    const shown = element.checkVisibility() && style.content.startsWith('"');
    return shown
      ? [{ words: style.content, ...looks(element, style), boxes: [], chart: null }]
      : [];
  });

  return JSON.stringify({
    inner_width: innerWidth,
    scroll_width: document.documentElement.scrollWidth,
    texts: [...nodes.map(written).filter((text) => text.boxes.length), ...generated],
    charts: places("svg"),
    tables: places("table"),
    drawn: document.querySelectorAll("svg, table").length,
    sideways: [...document.querySelectorAll("body *")]
      .filter((element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX))
      .filter((element) => element.scrollWidth > element.clientWidth)
      .map((element) => element.innerText.slice(0, 60)),
  });
};
