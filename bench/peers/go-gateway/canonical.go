package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// RFC 8785 on top of encoding/json: parse whole, then write sorted. Unlike the gateway's it does not
// notice doubled names, and turns invalid UTF-8 into U+FFFD.
func canonicalise(text []byte) ([]byte, bool) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, false
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, false
	}
	return appendValue(make([]byte, 0, len(text)), value), true
}

func appendValue(out []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(out, "null"...)
	case bool:
		return strconv.AppendBool(out, v)
	case float64:
		return appendNumber(out, v)
	case string:
		return appendString(out, v)
	case []any:
		out = append(out, '[')
		for i, element := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendValue(out, element)
		}
		return append(out, ']')
	default:
		return appendObject(out, v.(map[string]any))
	}
}

func appendObject(out []byte, members map[string]any) []byte {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool { return isBefore(names[i], names[j]) })
	out = append(out, '{')
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendValue(append(appendString(out, name), ':'), members[name])
	}
	return append(out, '}')
}

// By UTF-16 code units (RFC 8785 3.2.3), which is byte order unless there are surrogates.
func isBefore(a, b string) bool {
	if strings.IndexFunc(a+b, func(r rune) bool { return r > 0xffff }) < 0 {
		return a < b
	}
	left, right := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	for i := 0; i < len(left) && i < len(right); i++ {
		if left[i] != right[i] {
			return left[i] < right[i]
		}
	}
	return len(left) < len(right)
}

// ECMA-262 Number::toString.
func appendNumber(out []byte, number float64) []byte {
	size := math.Abs(number)
	if size == 0 {
		return append(out, '0')
	}
	if size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(out, number, 'f', -1, 64)
	}
	text := strconv.FormatFloat(number, 'e', -1, 64)
	text = strings.Replace(strings.Replace(text, "e-0", "e-", 1), "e+0", "e+", 1)
	return append(out, text...)
}

func appendString(out []byte, text string) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	start := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= 0x20 && c != '"' && c != '\\' || c >= utf8.RuneSelf {
			continue
		}
		out = append(out, text[start:i]...)
		start = i + 1
		if at := strings.IndexByte("\"\\\b\f\n\r\t", c); at >= 0 {
			out = append(out, '\\', `"\bfnrt`[at])
		} else {
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return append(append(out, text[start:]...), '"')
}
