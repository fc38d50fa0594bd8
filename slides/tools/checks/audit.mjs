// What is looked at on one slide. These functions run inside the page, so each uses nothing of this file.

/** Everything that is too large, cut off, too small or without contrast; strings. `section` is the slide's element. */
export const auditSlide = (section) => {
  const SMALLEST = 12; // pixels, on a slide 1280 wide
  const CONTRAST = 4.5;
  const found = [];
  const frame = section.getBoundingClientRect();
  const scale = frame.width / 1280;
  const short = (words) => words.trim().replace(/\s+/g, ' ').slice(0, 40);

  if (section.scrollHeight > section.clientHeight + 1 || section.scrollWidth > section.clientWidth + 1)
    found.push(`content of ${section.scrollWidth}x${section.scrollHeight} on a slide of ${section.clientWidth}x${section.clientHeight}`);

  const outside = (box, edge) => box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1 || box.bottom > edge.bottom + 1;
  // SVG text is as large as its font times the scale of the drawing.
  const size = (element) => {
    const drawing = element.closest('svg:not([data-marpit-svg])');
    const declared = parseFloat(getComputedStyle(element).fontSize);
    return drawing ? (declared * element.getScreenCTM().a) / scale : declared;
  };

  const walker = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.parentElement;
    if (node.data.trim() === '' || element.closest('title, desc, script, style, option, legend')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
    if (boxes.length === 0) continue;
    if (size(element) < SMALLEST - 0.01) found.push(`text of ${size(element).toFixed(1)} pixels: ${short(node.data)}`);
    if (boxes.some((box) => outside(box, frame))) found.push(`text outside the slide: ${short(node.data)}`);
    for (let around = element; around !== section; around = around.parentElement) {
      const drawing = around.tagName === 'svg';
      if (!drawing && getComputedStyle(around).overflowX === 'visible') continue;
      const edge = around.getBoundingClientRect();
      if (boxes.some((box) => outside(box, { left: edge.left - 1, top: edge.top - 1, right: edge.right + 1, bottom: edge.bottom + 1 }))) found.push(`text cut by <${around.tagName.toLowerCase()}>: ${short(node.data)}`);
      if (drawing) break;
    }
  }

  const headings = section.querySelectorAll('h1, h2').length;
  if (headings !== 1) found.push(`${headings} headings of level 1 or 2`);
  for (const picture of section.querySelectorAll('img, svg[role="img"]')) if (!(picture.getAttribute('alt') ?? picture.getAttribute('aria-label') ?? '').trim()) found.push('a picture without alt text');

  // Contrast in drawings: each text against the last shape drawn before it that lies under its middle.
  const channels = (colour) => (/rgba?\(([^)]*)\)/.exec(colour) ?? ['', ''])[1].split(',').map(Number);
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((each) => each / 255).map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const drawings = [...section.querySelectorAll('svg')].filter((each) => !section.contains(each.parentElement.closest('svg')));
  for (const drawing of drawings) {
    const shapes = [];
    for (const element of drawing.querySelectorAll('rect, circle, text')) {
      const box = element.getBoundingClientRect();
      if (box.width === 0) continue;
      const fill = getComputedStyle(element).fill;
      if (element.tagName !== 'text') {
        if (fill !== 'none' && !element.closest('defs')) shapes.push({ box, fill: fill.startsWith('url') ? 'rgb(195, 200, 208)' : fill });
        continue;
      }
      if (element.textContent.trim() === '') continue;
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const under = shapes.findLast(({ box: each }) => x >= each.left && x <= each.right && y >= each.top && y <= each.bottom)?.fill ?? 'rgb(255, 255, 255)';
      const [light, dark] = [luminance(fill), luminance(under)].sort((a, b) => b - a);
      const ratio = (light + 0.05) / (dark + 0.05);
      if (ratio < CONTRAST) found.push(`contrast of ${ratio.toFixed(1)} to 1: ${short(element.textContent)} (${fill} on ${under})`);
    }
  }
  return [...new Set(found)];
};

/** The texts that were drawn with a font that is not embedded; `client` is a CDP session of the page. */
export const strangeFonts = async (client, selector) => {
  await client.send('DOM.enable');
  await client.send('CSS.enable');
  const { root } = await client.send('DOM.getDocument', { depth: 0 });
  const { nodeIds } = await client.send('DOM.querySelectorAll', { nodeId: root.nodeId, selector });
  const families = new Set();
  for (const nodeId of nodeIds) {
    const { fonts } = await client.send('CSS.getPlatformFontsForNode', { nodeId });
    for (const font of fonts) if (!font.isCustomFont) families.add(font.familyName);
  }
  return [...families].map((family) => `text in ${family}, a font of this machine`);
};
