// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The language of iptables' u32 match <-> a program.
 *
 *	program  = test { "&&" test }
 *	test     = location "=" value { "," value }
 *	location = number { ( "&" | "<<" | ">>" | "@" ) number }
 *	value    = number [ ":" number ]
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lang.h"

#define SHIFT_MAX 31

#define STRING(number) #number
#define NUMBER(number) STRING(number)

/**
 * struct reader - a text that is being parsed
 * @text: all of it
 * @at: the next character
 * @ops: what it has become, with room for FLOWWALL_U32_OPS
 * @n: how many
 * @wrong: where the mistake is
 * @why: what it is, or NULL
 */
struct reader {
	const char *text;
	const char *at;
	struct flowwall_u32_op *ops;
	unsigned int n;
	const char *wrong;
	const char *why;
};

static bool fail(struct reader *in, const char *wrong, const char *why)
{
	in->wrong = wrong;
	in->why = why;
	return false;
}

static void skip_space(struct reader *in)
{
	in->at += strspn(in->at, " \t\r\n\f\v");
}

static bool starts_with(const struct reader *in, const char *token)
{
	return !strncmp(in->at, token, strlen(token));
}

static bool take(struct reader *in, const char *token)
{
	if (!starts_with(in, token))
		return false;
	in->at += strlen(token);
	skip_space(in);
	return true;
}

static void add_op(struct reader *in, enum flowwall_u32 code, uint32_t a, uint32_t b)
{
	in->ops[in->n++] = (struct flowwall_u32_op){ .code = code, .a = a, .b = b };
}

/* The digit's value; what is no digit is above that of all digits. */
static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 255;
}

static bool parse_number(struct reader *in, uint32_t *number)
{
	const char *start = in->at;
	unsigned int base = 10;
	uint64_t sum = 0;

	if (*start == '-')
		return fail(in, start, "no number is negative here: -1 would be 0xFFFFFFFF");
	if (digit_value(*start) > 9)
		return fail(in, start, "a number is expected: decimal, 0x... or 0...");
	if (*start == '0' && (start[1] == 'x' || start[1] == 'X')) {
		base = 16;
		in->at += 2;
		if (digit_value(*in->at) > 15)
			return fail(in, in->at, "a hexadecimal digit is expected after 0x");
	} else if (*start == '0') {
		base = 8;
	}

	for (; digit_value(*in->at) < base; in->at++) {
		sum = sum * base + digit_value(*in->at);
		if (sum > UINT32_MAX)
			return fail(in, start, "this number is above 4294967295");
	}
	if (digit_value(*in->at) != 255) {
		if (base == 8)
			return fail(in, in->at,
				    "a number that begins with 0 is octal: its digits are 0 to 7");
		if (base == 10)
			return fail(in, in->at,
				    "no digit of a decimal number; a hexadecimal one begins with 0x");
		return fail(in, in->at, "no hexadecimal digit");
	}
	skip_space(in);
	*number = sum;
	return true;
}

/* One of the operators between the numbers of a location, if one is next. */
static bool take_operator(struct reader *in, enum flowwall_u32 *code)
{
	if (starts_with(in, "&&"))
		return false;
	if (take(in, "&"))
		*code = FLOWWALL_U32_AND;
	else if (take(in, "<<"))
		*code = FLOWWALL_U32_LEFT;
	else if (take(in, ">>"))
		*code = FLOWWALL_U32_RIGHT;
	else if (take(in, "@"))
		*code = FLOWWALL_U32_AT;
	else
		return false;
	return true;
}

static bool parse_location(struct reader *in)
{
	enum flowwall_u32 code;
	unsigned int steps = 0;
	uint32_t number;

	if (!parse_number(in, &number))
		return false;
	add_op(in, FLOWWALL_U32_LOAD, number, 0);

	for (;;) {
		const char *operator = in->at, *start;

		if (!take_operator(in, &code))
			return true;
		if (++steps > FLOWWALL_U32_STEPS)
			return fail(in, operator, "more than " NUMBER(FLOWWALL_U32_STEPS)
				    " of & << >> @ in a test");
		start = in->at;
		if (!parse_number(in, &number))
			return false;
		if ((code == FLOWWALL_U32_LEFT || code == FLOWWALL_U32_RIGHT) &&
		    number > SHIFT_MAX)
			return fail(in, start, "a shift is from 0 to 31");
		add_op(in, code, number, 0);
	}
}

/* What follows a location instead of `=`. */
static const char *why_no_equals(const struct reader *in)
{
	if (starts_with(in, "&&"))
		return "`=` and a value are missing: one `&` between numbers, `&&` between tests";
	if (*in->at == '<' || *in->at == '>')
		return "a shift is << or >>, other values are a range: =1:5";
	if (*in->at == '!')
		return "there is no != here: write all other values, as =0:5,7:0xFFFFFFFF";
	if (*in->at == ',' || *in->at == ':')
		return "`=` is missing before the values";
	if (*in->at)
		return "`=` and a value, or one of & << >> @, are expected";
	return "`=` and a value are missing";
}

static bool parse_values(struct reader *in)
{
	unsigned int ranges = 0;

	if (!take(in, "="))
		return fail(in, in->at, why_no_equals(in));
	if (*in->at == '=')
		return fail(in, in->at, "one `=` is enough");
	do {
		const char *start = in->at;
		uint32_t min, max;

		if (++ranges > FLOWWALL_U32_RANGES)
			return fail(in, start, "more than " NUMBER(FLOWWALL_U32_RANGES)
				    " values or ranges in a test");
		if (!parse_number(in, &min))
			return false;
		max = min;
		if (take(in, ":") && !parse_number(in, &max))
			return false;
		if (min > max)
			return fail(in, start, "the first value of a range is above the second");
		add_op(in, FLOWWALL_U32_RANGE, min, max);
	} while (take(in, ","));
	return true;
}

/* What follows a value instead of a comma, `&&` or the end. */
static const char *why_not_the_end(const struct reader *in)
{
	switch (*in->at) {
	case '&':
		return "one `&` between numbers, `&&` between tests";
	case '-':
		return "a range is written with a colon, as 1:5";
	case '<':
	case '>':
	case '@':
		return "& << >> @ stand before the `=`";
	case '=':
		return "a test has one `=`; `&&` is between tests";
	default:
		return "a comma and a value, `&&` and a test, or the end are expected";
	}
}

static bool parse_program(struct reader *in)
{
	unsigned int tests = 0;

	skip_space(in);
	do {
		if (++tests > FLOWWALL_U32_TESTS)
			return fail(in, in->at, "more than " NUMBER(FLOWWALL_U32_TESTS) " tests");
		if (!parse_location(in) || !parse_values(in))
			return false;
	} while (take(in, "&&"));
	return !*in->at || fail(in, in->at, why_not_the_end(in));
}

/**
 * u32_parse() - text to program
 * @text: such as iptables' --u32 takes
 * @ops: set to the program, with room for FLOWWALL_U32_OPS
 * @n: set to the number of ops
 * @at: after a mistake, how many bytes before it @text has
 * @why: after a mistake, what it is
 *
 * Return: false after a mistake; then @ops holds rubbish and @n is zero.
 */
bool u32_parse(const char *text, struct flowwall_u32_op *ops, unsigned int *n,
	       size_t *at, const char **why)
{
	struct reader in = { .text = text, .at = text, .ops = ops };
	bool good = parse_program(&in);

	*n = good ? in.n : 0;
	if (!good) {
		*at = in.wrong - in.text;
		*why = in.why;
	}
	return good;
}

struct writer {
	char *text;
	size_t size;
	size_t length;
};

static void add(struct writer *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct writer *out, const char *format, ...)
{
	size_t left = out->length < out->size ? out->size - out->length : 0;
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(left ? out->text + out->length : NULL, left, format, list);
	va_end(list);
	if (n > 0)
		out->length += n;
}

static void add_value(struct writer *out, uint32_t value)
{
	add(out, value > 255 ? "0x%X" : "%u", value);
}

/* Of a kernel that knows more: shown, but never taken for something else. */
static void add_unknown(struct writer *out, const struct flowwall_u32_op *op)
{
	add(out, "?%u(%u,%u)", op->code, op->a, op->b);
}

/**
 * u32_print() - program to text, always the same for the same program
 * @ops: the program; what u32_parse() never makes gives text that it refuses
 * @n: how many ops
 * @text: set to the text, cut if it does not fit
 * @size: of @text
 *
 * Return: the length of the whole text, as of snprintf().
 */
size_t u32_print(const struct flowwall_u32_op *ops, unsigned int n, char *text, size_t size)
{
	struct writer out = { .text = text, .size = size };
	unsigned int i;

	add(&out, "%s", "");
	for (i = 0; i < n; i++) {
		const struct flowwall_u32_op *op = &ops[i];

		if (op->code != FLOWWALL_U32_RANGE && op->b) {
			add_unknown(&out, op);
			continue;
		}
		switch (op->code) {
		case FLOWWALL_U32_LOAD:
			add(&out, "%s%u", i ? "&&" : "", op->a);
			break;
		case FLOWWALL_U32_AND:
			add(&out, "&0x%X", op->a);
			break;
		case FLOWWALL_U32_LEFT:
			add(&out, "<<%u", op->a);
			break;
		case FLOWWALL_U32_RIGHT:
			add(&out, ">>%u", op->a);
			break;
		case FLOWWALL_U32_AT:
			add(&out, "@%u", op->a);
			break;
		case FLOWWALL_U32_RANGE:
			add(&out, "%s", i && op[-1].code == FLOWWALL_U32_RANGE ? "," : "=");
			add_value(&out, op->a);
			if (op->b != op->a) {
				add(&out, ":");
				add_value(&out, op->b);
			}
			break;
		default:
			add_unknown(&out, op);
			break;
		}
	}
	return out.length;
}
