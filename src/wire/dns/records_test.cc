#include "wire/dns/records.h"

#include <gtest/gtest.h>

namespace veredus::dns {
namespace {

using namespace std::string_literals;

Answer found(Type type, std::vector<std::string> rdata) {
  Answer answer;
  answer.status = Answer::Status::found;
  answer.type = type;
  answer.rdata = std::move(rdata);
  return answer;
}

TEST(Type, HasANameBothWays) {
  for (const Type type : {Type::a, Type::ns, Type::cname, Type::soa, Type::ptr, Type::mx, Type::txt,
                          Type::aaaa, Type::srv, Type::tlsa})
    EXPECT_EQ(parse_type(type_name(type)), type);
  EXPECT_EQ(parse_type("mx"), Type::mx);
  EXPECT_EQ(parse_type("HINFO"), std::nullopt);
  EXPECT_EQ(type_name(static_cast<Type>(99)), "TYPE99");
}

TEST(Records, Mx) {
  const auto records = mx_records(found(Type::mx, {"\0\x0A\2Mx\1x\0"s, "\1\0\0"s})).value();
  EXPECT_EQ(records, (std::vector<Mx>{{10, "mx.x"}, {256, ""}}));
  EXPECT_EQ(encode_mx(records[0]).value(), "\0\x0A\2mx\1x\0"s);
  EXPECT_FALSE(mx_records(found(Type::mx, {"\0"s})));
  EXPECT_FALSE(mx_records(found(Type::mx, {"\0\x0A\1x"s})));
  EXPECT_FALSE(mx_records(found(Type::mx, {"\0\x0A\1x\0y"s})));
}

TEST(Records, NullMxIsOneRecordWithTheRoot) {  // RFC 7505 §3
  EXPECT_TRUE(is_null_mx(mx_records(found(Type::mx, {"\0\0\0"s})).value()));
  EXPECT_FALSE(is_null_mx(mx_records(found(Type::mx, {"\0\0\0"s, "\0\0\1x\0"s})).value()));
  EXPECT_FALSE(is_null_mx({}));
}

TEST(Records, Addresses) {
  const IpAddress four = IpAddress::parse("192.0.2.1").value();
  const IpAddress six = IpAddress::parse("2001:db8::1").value();
  EXPECT_EQ(a_records(found(Type::a, {encode_address(four)})).value(), std::vector{four});
  EXPECT_EQ(aaaa_records(found(Type::aaaa, {encode_address(six)})).value(), std::vector{six});
  EXPECT_FALSE(a_records(found(Type::a, {"\1\2\3"s})));
  EXPECT_FALSE(aaaa_records(found(Type::aaaa, {"\1\2\3\4"s})));
}

TEST(Records, TxtJoinsItsStrings) {
  EXPECT_EQ(txt_records(found(Type::txt, {"\2v=\4spf1"s, "\0"s})).value(),
            (std::vector<std::string>{"v=spf1", ""}));
  EXPECT_FALSE(txt_records(found(Type::txt, {"\5abc"s})));
  const std::string text(700, 't');
  EXPECT_EQ(encode_txt(text).size(), 703U);
  EXPECT_EQ(txt_records(found(Type::txt, {encode_txt(text)})).value(), std::vector{text});
  EXPECT_EQ(encode_txt(""), "\0"s);
}

TEST(Records, Names) {
  EXPECT_EQ(ptr_records(found(Type::ptr, {"\1H\1x\0"s})).value(), std::vector{"h.x"s});
  EXPECT_EQ(cname_records(found(Type::cname, {"\1c\0"s})).value(), std::vector{"c"s});
  EXPECT_EQ(ns_records(found(Type::ns, {"\1n\0"s})).value(), std::vector{"n"s});
}

TEST(Records, Tlsa) {
  const Tlsa record{3, 1, 1, "\1\2\xFF"};
  EXPECT_EQ(tlsa_records(found(Type::tlsa, {encode_tlsa(record)})).value(), std::vector{record});
  EXPECT_FALSE(tlsa_records(found(Type::tlsa, {"\3\1\1"s})));
}

TEST(Records, Srv) {
  const Srv record{1, 2, 587, "submit.example"};
  EXPECT_EQ(srv_records(found(Type::srv, {encode_srv(record).value()})).value(),
            std::vector{record});
  EXPECT_FALSE(srv_records(found(Type::srv, {"\0\1\0\2\2"s})));
}

TEST(Records, AnswerOfAnotherTypeIsAnError) {
  EXPECT_EQ(mx_records(found(Type::a, {})).error().text(), "answer has A records instead of MX");
}

TEST(Records, AnswerWithoutRecordsIsAnEmptyList) {
  EXPECT_TRUE(mx_records(found(Type::mx, {})).value().empty());
}

}  // namespace
}  // namespace veredus::dns
